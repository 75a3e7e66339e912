import { resolve } from 'node:path';
import type { Addon } from '../../api/addons.js';
import type { App } from '../../api/apps.js';
import type { Backup, CreatedBackup, Restore } from '../../api/backups.js';
import { appOption, command, confirmOption, jsonOption, optional, required, text } from '../command.js';
import { confirmLoss } from '../confirm.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import {
  backupPath,
  backupsPath,
  databaseAddon,
  download,
  isFile,
  latestBackup,
  settled,
  uploaded,
} from '../database/backups.js';
import { EXIT, Interrupted, UserError } from '../errors.js';
import { backupFacts, backupLines, figures, restoreLines } from '../output/backups.js';
import { bytes } from '../output/bytes.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';

const database = optional('database', 'an attachment or add-on; else DATABASE');
const backupArgument = required('id', 'as tfk pg:backups shows it: b001');

const list = command({
  name: 'pg:backups',
  summary: 'list the backups of an app’s databases, and restores from them',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:backups -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const [backups, restores] = await Promise.all([
      client.list<Backup>(backupsPath(app)),
      client.list<Restore>(`${tfkPathOfApp(app)}/restores`),
    ]);
    const newest = { backups: newestFirst(backups), restores: newestFirst(restores) };
    if (options.json) return output.json(newest);
    if (backups.length === 0) output.progress(`No backups. Type: tfk pg:backups:capture -a ${visible(app)}`);
    else {
      output.header('Backups');
      output.lines(backupLines(newest.backups, output.width));
    }
    if (restores.length === 0) return undefined;
    output.line();
    output.header('Restores');
    return output.lines(restoreLines(newest.restores, output.width));
  },
});

const info = command({
  name: 'pg:backups:info',
  summary: 'show a backup, and what is in it',
  args: { backup: backupArgument },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:backups:info b001 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const backup = await client.get<Backup>(backupPath(context.app(options.app), args.backup));
    if (options.json) return output.json(backup);
    output.header(`Backup ${visible(backup.name)}`);
    return output.lines(fields(backupFacts(backup, context.now())));
  },
});

const capture = command({
  name: 'pg:backups:capture',
  summary: 'back a database up, and prove it',
  details:
    'The backup is of one moment, while the app goes on writing. It is restored into a scratch database and compared, row for row; only then it is called verified.',
  args: { database },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:backups:capture -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const addon = await databaseAddon(context, args.database, context.app(options.app));
    const app = addon.app.name;
    const begun = await client.post<CreatedBackup>(backupsPath(app), { addon: addon.id });
    const made = await output.action(
      `Backing up ${visible(addon.name)} to ${visible(begun.name)}`,
      async () => {
        const backup = await waitFor<Backup>(context, backupPath(app, begun.id), begun.name);
        if (backup.state === 'failed' && !options.json) throw notVerified(backup);
        return backup;
      },
      outcomeOf,
    );
    if (options.json) {
      output.json(made);
      return made.state === 'verified' ? undefined : EXIT.failed;
    }
    if (made.state !== 'verified') throw notVerified(made);
    output.progress(`The newest ${made.kept} ${made.origin} backups of a database are kept.`);
    return undefined;
  },
});

const get = command({
  name: 'pg:backups:download',
  summary: "write a backup's file, in pg_dump's custom format",
  args: { backup: optional('id', 'as tfk pg:backups shows it; else the newest') },
  options: {
    app: appOption,
    output: text('-o, --output <file>', 'where to; else <app>-<id>.dump'),
    json: jsonOption,
  },
  examples: ['tfk pg:backups:download b001 -o latest.dump -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const backup =
      args.backup === undefined
        ? await latestBackup(context, app)
        : await client.get<Backup>(backupPath(app, args.backup));
    const name = options.output ?? `${backup.app.name}-${backup.name}.dump`;
    if (backup.size === null)
      throw new UserError(`${backup.name} has no file: ${visible(backup.reason ?? backup.state)}`);
    await output.action(
      `Writing ${visible(backup.name)} to ${visible(name)}`,
      () => download(context, backup, resolve(context.config.cwd, name)),
      () => bytes(backup.size ?? 0),
    );
    return options.json ? output.json(backup) : undefined;
  },
});

const restore = command({
  name: 'pg:backups:restore',
  summary: 'replace all data of a database by a backup',
  details:
    "Restored beside the data first, and compared; then the two change places, and connections are cut for a moment. What is cut short leaves the old data. A file is one of pg_dump's custom format.",
  args: {
    backup: optional('id|file', 'as tfk pg:backups shows it, or a file; else the newest'),
    database,
  },
  options: { app: appOption, confirm: confirmOption, json: jsonOption },
  examples: [
    'tfk pg:backups:restore b001 -a myapp --confirm myapp',
    'tfk pg:backups:restore ./latest.dump DATABASE -a myapp --confirm myapp',
  ],
  async run(context, { args, options }) {
    const { client, output } = context;
    const addon = await databaseAddon(context, args.database, context.app(options.app ?? options.confirm));
    const { name } = await client.get<App>(pathOfApp(addon.app.name));
    await confirmLoss(context, options.confirm, {
      name,
      lost: [`This replaces all data of ${addon.name} by that of ${args.backup ?? 'the newest backup'}.`],
      command: `tfk pg:backups:restore ${args.backup ?? ''} ${addon.name} -a ${name} --confirm ${name}`,
    });
    const backup = await backupMeant(context, args.backup, addon);
    const begun = await client.post<Restore>(`${tfkPathOfApp(name)}/restores`, {
      addon: addon.id,
      backup: backup.id,
      confirm: name,
    });
    const path = `${tfkPathOfApp(name)}/restores/${begun.id}`;
    const ended = await output.action(
      `Restoring ${visible(backup.name)} into ${visible(addon.name)} on ${appName(output.err, name)}`,
      async () => {
        const restored = await waitFor<Restore>(context, path, begun.name);
        if (restored.state !== 'succeeded' && !options.json) throw notRestored(restored);
        return restored;
      },
    );
    if (options.json) {
      output.json(ended);
      return ended.state === 'succeeded' ? undefined : EXIT.failed;
    }
    return undefined;
  },
});

const remove = command({
  name: 'pg:backups:delete',
  summary: 'delete a backup, for good',
  args: { backup: backupArgument },
  options: { app: appOption, confirm: confirmOption, json: jsonOption },
  examples: ['tfk pg:backups:delete b001 -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app ?? options.confirm);
    const backup = await client.get<Backup>(backupPath(app, args.backup));
    const { name } = backup.app;
    await confirmLoss(context, options.confirm, {
      name,
      lost: [`This deletes ${backup.name} of ${backup.addon.name}, for good.`],
      command: `tfk pg:backups:delete ${backup.name} -a ${name} --confirm ${name}`,
    });
    const deleted = await output.action(
      `Deleting ${visible(backup.name)} on ${appName(output.err, name)}`,
      () => client.delete<Backup>(backupPath(app, backup.id)),
    );
    return options.json ? output.json(deleted) : undefined;
  },
});

export const commands = [list, info, capture, get, restore, remove];

/** A name, a file, or where nothing is said the newest. */
async function backupMeant(context: Context, given: string | undefined, addon: Addon): Promise<Backup> {
  const { client, output, config } = context;
  const app = addon.app.name;
  if (given === undefined) return latestBackup(context, app);
  const path = resolve(config.cwd, given);
  if (/^b\d+$/.test(given) || !(await isFile(path))) return client.get<Backup>(backupPath(app, given));
  return output.action(
    `Uploading ${visible(given)}`,
    () => uploaded(context, path, addon),
    ({ name }) => visible(name),
  );
}

function waitFor<T extends { readonly finished_at: string | null }>(
  context: Context,
  path: string,
  name: string,
): Promise<T> {
  const left = () => new Interrupted(`${name} goes on without you.`, 'See how it ends: tfk pg:backups');
  return context.untilInterrupted(() => settled<T>(context, path), left);
}

const notVerified = ({ name, state, reason, app }: Backup): UserError =>
  new UserError(`${name} is ${state}: ${visible(reason ?? '')}`, {
    hint: `Type: tfk pg:backups:info ${name} -a ${app.name}`,
  });

const notRestored = ({ reason, addon, app }: Restore): UserError =>
  new UserError(visible(reason ?? ''), { hint: `To look at it: tfk pg:psql ${addon.name} -a ${app.name}` });

const outcomeOf = (backup: Backup): string =>
  backup.state === 'verified' ? `verified: ${figures(backup)}, ${bytes(backup.size ?? 0)}` : backup.state;

function newestFirst<T extends { readonly created_at: string; readonly name: string }>(
  items: readonly T[],
): T[] {
  return [...items].sort((one, other) => other.name.localeCompare(one.name, 'en', { numeric: true }));
}
