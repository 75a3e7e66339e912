import type { Domain } from '../../api/domains.js';
import { appOption, command, jsonOption, required } from '../command.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

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
      client.delete(`${context.appPath(options.app)}/domains/${encodeURIComponent(args.hostname)}`),
    );
    return undefined;
  },
});

export const commands = [list, add, remove];
