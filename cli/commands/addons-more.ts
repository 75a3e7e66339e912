import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon, AddonService } from '../../api/addons.js';
import { ApiError } from '../client/errors.js';
import { appOption, command, flag, jsonOption, optional, required } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { openInBrowser } from '../output/browser.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const addon = required('addon', 'its name, or the name under which it is attached');
const showUrl = flag('--show-url', 'print the address, and open nothing');
const POLL_MS = 500;

const rename = command({
  name: 'addons:rename',
  summary: 'give an add-on another name',
  args: { addon: required('addon', 'its name'), name: required('new-name', 'its new name') },
  options: { json: jsonOption },
  examples: ['tfk addons:rename postgres-calm-123 main-db'],
  async run({ client, output }, { args, options }) {
    const found = await client.get<Addon>(`/addons/${encodeURIComponent(args.addon)}`);
    const renamed = await client.patch<Addon>(pathOf(found), { name: args.name });
    if (options.json) return output.json(renamed);
    return output.line(`${visible(args.addon)} successfully renamed to ${visible(renamed.name)}.`);
  },
});

const upgrade = command({
  name: 'addons:upgrade',
  summary: "change an add-on's plan",
  details: 'All plans of a service are the same server on this machine: what changes is the name.',
  args: { addon: required('addon', 'its name, or service:plan'), plan: optional('plan', 'the new plan') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk addons:upgrade DATABASE standard-0 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const [name = '', plan] = args.plan === undefined ? args.addon.split(':') : [args.addon, args.plan];
    if (plan === undefined)
      throw new UsageError('No plan specified.', `Type: tfk addons:upgrade ${name} <plan>`);
    const found = await resolve(context, name, context.app(options.app));
    const wish = `${found.addon_service.name}:${plan.split(':').at(-1) ?? plan}`;
    const changed = await output.action(
      `Changing ${visible(found.name)} on ${appName(output.err, found.app.name)} from ${visible(found.plan.name)} to ${visible(wish)}`,
      () => client.patch<Addon>(pathOf(found), { plan: { name: wish } }),
      () => 'free',
    );
    if (options.json) return output.json(changed);
    if (changed.provision_message !== '') output.progress(visible(changed.provision_message));
    return undefined;
  },
});

const wait = command({
  name: 'addons:wait',
  summary: 'wait until add-ons are made, or removed',
  args: { addon: optional('addon', 'one of them; else all of the app') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk addons:wait -a myapp'],
  async run(context, { args, options }) {
    const { client } = context;
    const app = context.app(options.app);
    const addons =
      args.addon === undefined
        ? await client.list<Addon>(`${pathOfApp(app)}/addons`)
        : [await resolve(context, args.addon, app)];
    const made: Addon[] = [];
    for (const each of addons) made.push(...(await settled(context, each)));
    if (options.json) return context.output.json(made);
    return context.output.lines(made.map(createdAs));
  },
});

const open = command({
  name: 'addons:open',
  summary: "open an add-on's page in the browser",
  args: { addon },
  options: { app: appOption, 'show-url': showUrl },
  examples: ['tfk addons:open DATABASE -a myapp'],
  async run(context, { args, options }) {
    const found = await resolve(context, args.addon, context.app(options.app));
    if (found.web_url === null)
      throw new UserError(`${visible(found.name)} has no page: it is a server on this machine.`, {
        hint: `Type: tfk addons:info ${found.name} -a ${found.app.name}`,
      });
    return show(context, found.web_url, options['show-url']);
  },
});

const docs = command({
  name: 'addons:docs',
  summary: "open Heroku's documentation of an add-on in the browser",
  args: { addon: required('service', 'a service, or an add-on of the app') },
  options: { app: appOption, 'show-url': showUrl, json: jsonOption },
  examples: ['tfk addons:docs postgres --show-url'],
  async run(context, { args, options }) {
    const [id = ''] = args.addon.split(':');
    const service = await serviceNamed(context, id);
    const { name } = service ?? (await resolve(context, id, context.app(options.app))).addon_service;
    if (options.json) return context.output.json({ url: docsOf(name) });
    return show(context, docsOf(name), options['show-url']);
  },
});

export const commands = [rename, upgrade, wait, open, docs];

const docsOf = (service: string): string => `https://devcenter.heroku.com/articles/${service}`;

const pathOf = (addon: Addon): string => `/apps/${addon.app.id}/addons/${addon.id}`;

async function resolve({ client }: Context, name: string, app: string): Promise<Addon> {
  const [found] = await client.post<Addon[]>('/actions/addons/resolve', { addon: name, app });
  if (found) return found;
  throw new UsageError(`${app} has no add-on ${visible(name)}.`, `Type: tfk addons -a ${app}`);
}

async function serviceNamed({ client }: Context, name: string): Promise<AddonService | null> {
  return client
    .get<AddonService>(`/addon-services/${encodeURIComponent(name)}`)
    .catch((error: unknown) => onNotFound(error, null));
}

const createdAs = ({ name, config_vars }: Addon): string =>
  `Created ${visible(name)} as ${config_vars.map(visible).join(', ')}`;

/** Waits until it is neither being made nor removed; answers it where it was made meanwhile. */
async function settled({ client, output }: Context, addon: Addon): Promise<Addon[]> {
  if (addon.state !== 'provisioning' && addon.state !== 'deprovisioning') return [];
  const name = visible(addon.name);
  const last = await output.action(
    `${addon.state === 'provisioning' ? 'Creating' : 'Destroying'} ${name}`,
    async () => {
      for (;;) {
        const now = await client.get<Addon>(pathOf(addon)).catch((error: unknown) => onNotFound(error, null));
        if (now === null || now.state !== addon.state) return now;
        await sleep(POLL_MS);
      }
    },
  );
  if (addon.state === 'deprovisioning') return [];
  if (last?.state !== 'provisioned')
    throw new UserError(`${name} could not be made. Nothing is left of it.`, {
      hint: 'See: tfk daemon logs',
    });
  return [last];
}

function onNotFound<T>(error: unknown, otherwise: T): T {
  if (error instanceof ApiError && error.status === 404) return otherwise;
  throw error;
}

async function show({ output, config }: Context, url: string, only: boolean): Promise<undefined> {
  output.line(url);
  if (!only && !(await openInBrowser(url, config.env)))
    output.progress('No browser was found here: open it yourself.');
  return undefined;
}
