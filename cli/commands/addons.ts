import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon, AddonDetails } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import type { Attachment } from '../../api/attachments.js';
import {
  addonArgument,
  followRelease,
  onNotFound,
  pathOfAddon,
  resolveAddon,
  showPage,
  showUrlOption,
} from '../addons.js';
import {
  appOption,
  command,
  confirmOption,
  flag,
  jsonOption,
  optional,
  required,
  rest,
  text,
} from '../command.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { latestRelease } from '../follow/releases.js';
import { addonFacts, alsoLostBy, attachedAs } from '../output/addons.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields, table } from '../output/table.js';

const POLL_MS = 500;

const list = command({
  name: 'addons',
  summary: 'list the add-ons of an app',
  args: {},
  options: { app: appOption, json: jsonOption, all: flag('-A, --all', 'of all apps') },
  examples: ['tfk addons -a myapp', 'tfk addons --all'],
  async run(context, { options }) {
    const { client, output } = context;
    const path = options.all ? '/addons' : `${context.appPath(options.app)}/addons`;
    const [addons, attachments] = await Promise.all([
      client.list<Addon>(path),
      client.list<Attachment>('/addon-attachments'),
    ]);
    if (options.json) return output.json(addons);
    if (addons.length === 0) return output.progress('No add-ons. Type: tfk addons:create postgres');
    const columns = [
      { header: 'Add-on', value: (item: Addon) => item.name },
      { header: 'Plan', value: (item: Addon) => item.plan.name },
      { header: 'State', value: (item: Addon) => item.state },
      { header: 'Attached as', value: (item: Addon) => attachedAs(item, attachments), shrinks: true },
    ];
    return output.lines(table(addons, columns, output.width));
  },
});

const create = command({
  name: 'addons:create',
  summary: 'make an add-on and attach it to an app',
  args: {
    plan: required('service:plan', 'postgres, or as on Heroku; tfk addons:services lists them'),
    config: rest('key=value', 'settings of the add-on, after --'),
  },
  options: {
    app: appOption,
    as: text('--as <name>', 'attach it under this name, which begins its config vars'),
    name: text('--name <name>', 'a name for the add-on'),
    confirm: confirmOption,
    json: jsonOption,
  },
  examples: ['tfk addons:create postgres -a myapp', 'tfk addons:create postgres --as REPORTS -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await latestRelease(context, app);
    const made = await output.action(
      `Creating ${visible(args.plan)} on ${appName(output.err, app)}`,
      () =>
        client.post<Addon>(
          `${pathOfApp(app)}/addons?wait=1`,
          {
            plan: { name: args.plan },
            attachment: options.as === undefined ? {} : { name: options.as },
            config: settings(args.config),
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
          },
          { silence: 0 },
        ),
      (created) => visible(created.name),
    );
    await followRelease(context, app, before?.version);
    if (options.json) return output.json(made);
    if (made.provision_message !== '') output.progress(visible(made.provision_message));
    return output.line(`Created ${visible(made.name)} as ${made.config_vars.map(visible).join(', ')}`);
  },
});

const info = command({
  name: 'addons:info',
  summary: 'show an add-on',
  args: { addon: addonArgument },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk addons:info DATABASE -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const found = await client.get<AddonDetails>(
      `${tfkPathOfApp(context.app(options.app))}/addons/${encodeURIComponent(args.addon)}`,
    );
    if (options.json) return output.json(found);
    output.header(visible(found.name));
    return output.lines(fields(addonFacts(found, context.now())));
  },
});

const destroy = command({
  name: 'addons:destroy',
  summary: 'remove an add-on and its data, for good',
  args: { addon: addonArgument },
  options: {
    app: appOption,
    confirm: confirmOption,
    force: flag('-f, --force', 'also where other apps have it attached'),
  },
  examples: ['tfk addons:destroy DATABASE -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const given = options.confirm ?? options.app;
    const found = await resolveAddon(context, args.addon, context.app(given));
    const owner = found.app.name;
    const [{ name }, attachments] = await Promise.all([
      client.get<App>(pathOfApp(owner)),
      client.list<Attachment>('/addon-attachments'),
    ]);
    const others = alsoLostBy(found, attachments);
    await confirmLoss(context, options.confirm, {
      name,
      lost: [`This destroys ${found.name} (${found.plan.name}) of ${name}, with all data in it${others}.`],
      command: `tfk addons:destroy ${found.name} -a ${name} --confirm ${name}${others === '' ? '' : ' --force'}`,
    });
    await output.action(`Destroying ${visible(found.name)} on ${appName(output.err, name)}`, () =>
      client.delete(pathOfAddon(found), { force: options.force }),
    );
    return undefined;
  },
});

const rename = command({
  name: 'addons:rename',
  summary: 'give an add-on another name',
  args: { addon: required('addon', 'its name'), name: required('new-name', 'its new name') },
  options: { json: jsonOption },
  examples: ['tfk addons:rename postgres-calm-123 main-db'],
  async run({ client, output }, { args, options }) {
    const found = await client.get<Addon>(`/addons/${encodeURIComponent(args.addon)}`);
    const renamed = await client.patch<Addon>(pathOfAddon(found), { name: args.name });
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
    const found = await resolveAddon(context, name, context.app(options.app));
    const wish = `${found.addon_service.name}:${plan.split(':').at(-1) ?? plan}`;
    const changed = await output.action(
      `Changing ${visible(found.name)} on ${appName(output.err, found.app.name)} from ${visible(found.plan.name)} to ${visible(wish)}`,
      () => client.patch<Addon>(pathOfAddon(found), { plan: { name: wish } }),
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
        : [await resolveAddon(context, args.addon, app)];
    const made: Addon[] = [];
    for (const each of addons) made.push(...(await settled(context, each)));
    if (options.json) return context.output.json(made);
    return context.output.lines(made.map(createdAs));
  },
});

const open = command({
  name: 'addons:open',
  summary: "open an add-on's page in the browser",
  args: { addon: addonArgument },
  options: { app: appOption, 'show-url': showUrlOption },
  examples: ['tfk addons:open DATABASE -a myapp'],
  async run(context, { args, options }) {
    const found = await resolveAddon(context, args.addon, context.app(options.app));
    if (found.web_url === null)
      throw new UserError(`${visible(found.name)} has no page: it is a server on this machine.`, {
        hint: `Type: tfk addons:info ${found.name} -a ${found.app.name}`,
      });
    return showPage(context, found.web_url, options['show-url']);
  },
});

export const commands = [list, create, info, destroy, rename, upgrade, wait, open];

/** `version=17`, or `--version=17` as Heroku's users type it. */
function settings(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key, value] = /^(?:--)?([\w-]+)=(.*)$/s.exec(word) ?? [];
      if (key === undefined || value === undefined) throw new UsageError(`${word} is not key=value.`);
      return [key, value];
    }),
  );
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
        const now = await client
          .get<Addon>(pathOfAddon(addon))
          .catch((error: unknown) => onNotFound(error, null));
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
