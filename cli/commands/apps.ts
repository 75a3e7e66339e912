import type { Account } from '../../api/account.js';
import type { Addon } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import type { Attachment } from '../../api/attachments.js';
import type { AppEngine } from '../../api/engines.js';
import type { Formation } from '../../api/formation.js';
import { linkFolder, unlinkFolder } from '../app-name.js';
import { appOption, command, confirmOption, flag, jsonOption, optional, required } from '../command.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { latestRelease } from '../follow/releases.js';
import { GitProgram } from '../git/program.js';
import { removeRemotes, renameRemotes } from '../git/remotes.js';
import { alsoLostBy } from '../output/addons.js';
import { openInBrowser } from '../output/browser.js';
import { bytes } from '../output/bytes.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { shellPair } from '../output/shell.js';
import { fields } from '../output/table.js';
import { ago } from '../output/time.js';

const list = command({
  name: 'apps',
  summary: 'list your apps',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk apps', 'tfk apps --json'],
  async run({ client, output }, { options }) {
    const apps = await client.list<App>('/apps');
    if (options.json) return output.json(apps);
    if (apps.length === 0) return output.progress('You have no apps. Type: tfk push');
    const { email } = await client.get<Account>('/account');
    output.header(`${visible(email)} Apps`);
    output.lines(apps.map((app) => visible(app.name) + (app.maintenance ? ' (maintenance)' : '')));
    output.line();
    return undefined;
  },
});

const create = command({
  name: 'apps:create',
  summary: 'create an empty app',
  args: { name: optional('name', 'its name; else one is invented') },
  options: { json: jsonOption },
  examples: ['tfk apps:create', 'tfk apps:create myapp'],
  async run({ client, output }, { args, options }) {
    const title = `Creating ${args.name === undefined ? 'app' : appName(output.err, args.name)}`;
    const app = await output.action(
      title,
      () => client.post<App>('/apps', args.name === undefined ? {} : { name: args.name }),
      (made) => (args.name === undefined ? appName(output.err, made.name) : ''),
    );
    if (options.json) return output.json(app);
    output.line(app.web_url ?? app.name);
    output.progress(`To put something there: tfk push -a ${app.name}`);
    return undefined;
  },
});

const info = command({
  name: 'apps:info',
  summary: 'show what an app has',
  args: {},
  options: { app: appOption, json: jsonOption, shell: flag('-s, --shell', 'answer KEY=value lines') },
  examples: ['tfk apps:info -a myapp'],
  async run(context, { options }) {
    const { output } = context;
    const found = await everythingOf(context, context.app(options.app));
    if (options.json) return output.json(found);
    if (options.shell) {
      output.lines(
        pairs(found, context.now()).map(([key, value]) =>
          shellPair(key.toLowerCase().replaceAll(/\W+/g, '_'), String(value)),
        ),
      );
      return undefined;
    }
    output.header(visible(found.app.name));
    output.lines(fields(pairs(found, context.now())));
    return undefined;
  },
});

const rename = command({
  name: 'apps:rename',
  summary: 'give an app another name, and so another address',
  args: { name: required('new-name', 'the new name') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk apps:rename better -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const choice = context.appOfFolder(options.app, context.config.cwd);
    const old = context.app(options.app);
    const app = await output.action(
      `Renaming ${appName(output.err, old)} to ${appName(output.err, args.name)}`,
      () => client.patch<App>(pathOfApp(old), { name: args.name }),
    );
    if (choice?.folder !== undefined) await linkFolder(choice.folder, app.name);
    await renameRemotes(gitOf(context), old, app.name);
    if (options.json) return output.json(app);
    return output.line(app.web_url ?? app.name);
  },
});

const destroy = command({
  name: 'apps:destroy',
  summary: 'remove an app, its add-ons and their data, for good',
  args: { name: optional('name', 'the app; else as with -a') },
  options: { app: appOption, confirm: confirmOption },
  examples: ['tfk apps:destroy -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const { name } = await client.get<App>(pathOfApp(context.app(args.name ?? options.app)));
    const attached = await client.list<Addon>(`${pathOfApp(name)}/addons`);
    const addons = attached.filter((addon) => addon.app.name === name);
    const attachments = addons.length === 0 ? [] : await client.list<Attachment>('/addon-attachments');
    const lost = [
      `This destroys ${name}: its dynos, releases, config and logs.`,
      ...addons.map(
        (addon) =>
          `With it goes ${addon.name} (${addon.plan.name}) and all its data${alsoLostBy(addon, attachments)}.`,
      ),
    ];
    await confirmLoss(context, options.confirm, {
      name,
      lost,
      command: `tfk apps:destroy -a ${name} --confirm ${name}`,
    });
    const title = `Destroying ${appName(output.err, name)}${addons.length > 0 ? ' (including all add-ons)' : ''}`;
    await output.action(title, () => client.delete(pathOfApp(name)));
    await unlinkFolder(context.config.cwd, name);
    await removeRemotes(gitOf(context), name);
    return undefined;
  },
});

const open = command({
  name: 'apps:open',
  summary: 'open an app in the browser',
  args: { path: optional('path', 'a path of the app') },
  options: { app: appOption },
  examples: ['tfk open -a myapp', 'tfk open /users -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = await client.get<App>(context.appPath(options.app));
    const url = new URL(args.path ?? '', app.web_url ?? undefined).href;
    output.line(url);
    if (!(await openInBrowser(url, context.config.env)))
      output.progress('No browser was found here: open it yourself.');
    return undefined;
  },
});

export const commands = [list, create, info, rename, destroy, open];

const gitOf = ({ config }: Context): GitProgram => new GitProgram(config.cwd, config.env);

interface Everything {
  readonly app: App;
  readonly addons: readonly Addon[];
  readonly formation: readonly Formation[];
  readonly release: number | null;
  readonly engine: AppEngine;
}

async function everythingOf(context: Context, name: string): Promise<Everything> {
  const { client } = context;
  const app = await client.get<App>(pathOfApp(name));
  const [addons, formation, release, engine] = await Promise.all([
    client.list<Addon>(`${pathOfApp(name)}/addons`),
    client.list<Formation>(`${pathOfApp(name)}/formation`),
    latestRelease(context, name),
    client.get<AppEngine>(`${tfkPathOfApp(name)}/engine`),
  ]);
  return { app, addons, formation, release: release?.version ?? null, engine };
}

function pairs(
  { app, addons, formation, release, engine }: Everything,
  now: Date,
): [string, string | string[]][] {
  const running = formation.filter(({ quantity }) => quantity > 0);
  return [
    ...(addons.length > 0 ? [['Addons', addons.map((addon) => addon.plan.name)] as [string, string[]]] : []),
    ['Created', ago(app.created_at, now)],
    ['Dynos', running.map(({ type, quantity }) => `${type}: ${quantity}`).join(', ')],
    ['Engine', engine.engine],
    ['Maintenance', String(app.maintenance)],
    ['Owner', app.owner.email],
    ...(release === null ? [] : [['Release', `v${release}`] as [string, string]]),
    ['Slug Size', app.slug_size === null ? '' : bytes(app.slug_size)],
    ['Stack', app.stack.name],
    ['Web URL', app.web_url ?? ''],
  ];
}
