import type { Addon, AddonDetails, AddonService, Plan } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import type { Attachment } from '../../api/attachments.js';
import { appOption, command, confirmOption, flag, jsonOption, required, rest, text } from '../command.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { UsageError } from '../errors.js';
import { latestRelease, settled } from '../follow/releases.js';
import { addonFacts, alsoLostBy, attachedAs } from '../output/addons.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields, table } from '../output/table.js';

const addon = required('addon', 'its name, or the name under which it is attached');

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
  args: { addon },
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

const attach = command({
  name: 'addons:attach',
  summary: "attach another app's add-on to an app",
  args: { addon: required('addon', 'its name') },
  options: {
    app: appOption,
    as: text('--as <name>', 'under this name'),
    confirm: confirmOption,
    json: jsonOption,
  },
  examples: ['tfk addons:attach postgresql-round-12345 --as SHARED -a otherapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await latestRelease(context, app);
    const made = await output.action(
      `Attaching ${visible(args.addon)}${options.as === undefined ? '' : ` as ${visible(options.as)}`} to ${appName(output.err, app)}`,
      () =>
        client.post<Attachment>('/addon-attachments', {
          addon: args.addon,
          app,
          ...(options.as === undefined ? {} : { name: options.as }),
          ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
        }),
      (attached) => `as ${visible(attached.name)}`,
    );
    await followRelease(context, app, before?.version);
    if (options.json) output.json(made);
    return undefined;
  },
});

const detach = command({
  name: 'addons:detach',
  summary: 'detach an add-on from an app; it and its data stay',
  args: { attachment: required('attachment', 'the name under which it is attached, e.g. DATABASE') },
  options: { app: appOption },
  examples: ['tfk addons:detach DATABASE -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await latestRelease(context, app);
    const found = await client.get<Attachment>(
      `${pathOfApp(app)}/addon-attachments/${encodeURIComponent(args.attachment)}`,
    );
    await output.action(
      `Detaching ${visible(found.name)} to ${visible(found.addon.name)} from ${appName(output.err, app)}`,
      () => client.delete(`/addon-attachments/${found.id}`),
    );
    return followRelease(context, app, before?.version);
  },
});

const destroy = command({
  name: 'addons:destroy',
  summary: 'remove an add-on and its data, for good',
  args: { addon },
  options: {
    app: appOption,
    confirm: confirmOption,
    force: flag('-f, --force', 'also where other apps have it attached'),
  },
  examples: ['tfk addons:destroy DATABASE -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const given = options.confirm ?? options.app;
    const found = await resolved(context, args.addon, context.app(given));
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
      client.delete(`/apps/${found.app.id}/addons/${found.id}`, { force: options.force }),
    );
    return undefined;
  },
});

const services = command({
  name: 'addons:services',
  summary: 'list the services that add-ons are made of',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk addons:services'],
  async run({ client, output }, { options }) {
    const found = await client.list<AddonService>('/addon-services');
    if (options.json) return output.json(found);
    const columns = [
      { header: 'Slug', value: (item: AddonService) => item.name },
      { header: 'Name', value: (item: AddonService) => item.human_name, shrinks: true },
      { header: 'State', value: (item: AddonService) => item.state },
    ];
    return output.lines(table(found, columns, output.width));
  },
});

const plans = command({
  name: 'addons:plans',
  summary: 'list the plans of a service',
  args: { service: required('service', 'postgres') },
  options: { json: jsonOption },
  examples: ['tfk addons:plans postgres'],
  async run({ client, output }, { args, options }) {
    const found = await client.list<Plan>(`/addon-services/${encodeURIComponent(args.service)}/plans`);
    if (options.json) return output.json(found);
    const columns = [
      { value: (item: Plan) => (item.default ? 'default' : '') },
      { header: 'Slug', value: (item: Plan) => item.name },
      { header: 'Name', value: (item: Plan) => item.human_name },
      { header: 'What it is', value: (item: Plan) => item.description, shrinks: true },
    ];
    return output.lines(table(found, columns, output.width));
  },
});

export const commands = [list, create, info, attach, detach, destroy, services, plans];

/** Attaching and detaching make a release; its command, if it has one, is followed. */
async function followRelease(context: Context, app: string, before: number | undefined): Promise<undefined> {
  const { output } = context;
  const after = await latestRelease(context, app);
  if (!after || after.version === before) return undefined;
  await output.action(
    `Setting config vars and restarting ${appName(output.err, app)}`,
    async () => settled(context, app, after),
    (release) => `v${release.version}`,
  );
  return undefined;
}

async function resolved(context: Context, name: string, app: string): Promise<Addon> {
  const found = await context.client.post<Addon | Addon[]>('/actions/addons/resolve', { addon: name, app });
  const [first] = Array.isArray(found) ? found : [found];
  if (first) return first;
  throw new UsageError(`${app} has no add-on ${visible(name)}.`, `Type: tfk addons -a ${app}`);
}

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
