import { setTimeout as sleep } from 'node:timers/promises';
import type { Domain } from '../../api/domains.js';
import { appOption, command, jsonOption, optional, required, text } from '../command.js';
import type { Context } from '../context.js';
import { Interrupted, UsageError, UserError } from '../errors.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';

const hostname = required('hostname', 'www.example.com, or *.example.com');

const list = command({
  name: 'domains',
  summary: 'list the domains of an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk domains -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const domains = await client.list<Domain>(`${context.appPath(options.app)}/domains`);
    if (options.json) return output.json(domains);
    output.header(`${appName(output.out, app)} Domains`);
    output.lines(domains.filter(({ kind }) => kind === 'heroku').map((domain) => visible(domain.hostname)));
    const own = domains.filter(({ kind }) => kind === 'custom');
    if (own.length === 0) return undefined;
    output.line();
    output.header(`${appName(output.out, app)} Custom Domains`);
    return output.lines(own.map((domain) => visible(domain.hostname)));
  },
});

const add = command({
  name: 'domains:add',
  summary: 'route a domain of yours to an app',
  args: { hostname },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk domains:add www.example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const domain = await output.action(
      `Adding ${visible(args.hostname)} to ${appName(output.err, app)}`,
      () =>
        client.post<Domain>(`${context.appPath(options.app)}/domains`, {
          hostname: args.hostname,
          sni_endpoint: null,
        }),
    );
    if (options.json) output.json(domain);
    else
      output.progress(
        `It is routed now; let ${visible(domain.hostname)} point at this machine in your DNS or hosts file.`,
      );
    return undefined;
  },
});

const remove = command({
  name: 'domains:remove',
  summary: 'no longer route a domain to an app',
  args: { hostname },
  options: { app: appOption },
  examples: ['tfk domains:remove www.example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    await output.action(`Removing ${visible(args.hostname)} from ${appName(output.err, app)}`, () =>
      client.delete(domainPath(context.appPath(options.app), args.hostname)),
    );
    return undefined;
  },
});

const info = command({
  name: 'domains:info',
  summary: 'show a domain of an app',
  args: { hostname },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk domains:info www.example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const domain = await client.get<Domain>(domainPath(context.appPath(options.app), args.hostname));
    if (options.json) return output.json(domain);
    return output.lines(
      fields([
        ['acm_status', domain.acm_status ?? ''],
        ['acm_status_reason', domain.acm_status_reason ?? ''],
        ['app', domain.app.name],
        ['cname', domain.cname ?? ''],
        ['created_at', domain.created_at],
        ['hostname', domain.hostname],
        ['kind', domain.kind],
        ['sni_endpoint', domain.sni_endpoint?.name ?? ''],
        ['status', domain.status],
        ['updated_at', domain.updated_at],
      ]),
    );
  },
});

const update = command({
  name: 'domains:update',
  summary: 'give a domain one of the certificates of its app',
  args: { hostname },
  options: {
    cert: text('--cert <name>', 'the certificate, by its name in tfk certs'),
    app: appOption,
    json: jsonOption,
  },
  examples: ['tfk domains:update www.example.com --cert tyrannosaurus-12345 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const { cert } = options;
    if (cert === undefined)
      throw new UsageError('Which certificate? --cert is missing.', 'List them: tfk certs');
    const domain = await output.action(
      `Updating ${visible(args.hostname)} to use ${visible(cert)} certificate`,
      () =>
        client.patch<Domain>(domainPath(context.appPath(options.app), args.hostname), { sni_endpoint: cert }),
    );
    return options.json ? output.json(domain) : undefined;
  },
});

const clear = command({
  name: 'domains:clear',
  summary: 'no longer route any domain of yours to an app',
  args: {},
  options: { app: appOption },
  examples: ['tfk domains:clear -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const path = context.appPath(options.app);
    await output.action(
      `Removing all domains from ${appName(output.err, context.app(options.app))}`,
      async () => {
        for (const domain of await ownDomains(context, path))
          await client.delete(domainPath(path, domain.id));
      },
    );
    return undefined;
  },
});

const wait = command({
  name: 'domains:wait',
  summary: 'wait until domains are routed',
  args: { hostname: optional('hostname', 'only this one; else all of the app') },
  options: { app: appOption },
  examples: ['tfk domains:wait www.example.com -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const path = context.appPath(options.app);
    const domains =
      args.hostname === undefined
        ? await ownDomains(context, path)
        : [await client.get<Domain>(domainPath(path, args.hostname))];
    for (const domain of domains)
      await output.action(`Waiting for ${visible(domain.hostname)}`, () => routed(context, path, domain));
    return undefined;
  },
});

const domainPath = (appPath: string, hostname: string): string =>
  `${appPath}/domains/${encodeURIComponent(hostname)}`;

async function ownDomains({ client }: Context, appPath: string): Promise<Domain[]> {
  const domains = await client.list<Domain>(`${appPath}/domains`);
  return domains.filter(({ kind }) => kind === 'custom');
}

/** Asks every second until the domain is pending no more. */
async function routed(context: Context, appPath: string, first: Domain): Promise<void> {
  const settled = async (): Promise<Domain> => {
    let domain = first;
    while (domain.status === 'pending') {
      await sleep(1000);
      domain = await context.client.get<Domain>(domainPath(appPath, first.id));
    }
    return domain;
  };
  const { status, hostname } = await context.untilInterrupted(
    settled,
    () => new Interrupted(`${first.hostname} is being set up all the same.`),
  );
  if (status === 'failed')
    throw new UserError(`${hostname} could not be routed.`, { hint: `Look: tfk domains:info ${hostname}` });
}

export const commands = [list, add, info, update, remove, clear, wait];
