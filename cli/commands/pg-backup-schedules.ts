import type { BackupSchedule } from '../../api/backups.js';
import { appOption, command, jsonOption, optional, text } from '../command.js';
import { tfkPathOfApp } from '../context.js';
import { databaseAddon } from '../database/backups.js';
import { UsageError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { table } from '../output/table.js';
import { until } from '../output/time.js';

const database = optional('database', 'an attachment or add-on; else DATABASE');
const pathOf = (app: string, addon: string): string =>
  `${tfkPathOfApp(app)}/addons/${encodeURIComponent(addon)}/backup-schedule`;

const schedules = command({
  name: 'pg:backups:schedules',
  summary: 'list when databases are backed up by themselves',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:backups:schedules -a myapp'],
  async run(context, { options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const found = await client.get<BackupSchedule[]>(`${tfkPathOfApp(app)}/backup-schedules`);
    if (options.json) return output.json(found);
    if (found.length === 0)
      return output.progress("None. Type: tfk pg:backups:schedule --at '02:00 Europe/Berlin'");
    return output.lines(
      table(found, [
        { header: 'Database', value: ({ addon }) => addon.name },
        { header: 'Daily at', value: ({ at }) => at },
        { header: 'Next', value: ({ next_at }) => until(next_at, context.now()) },
      ]),
    );
  },
});

const schedule = command({
  name: 'pg:backups:schedule',
  summary: 'back a database up every day',
  args: { database },
  options: {
    app: appOption,
    at: text('--at <time>', "a time of day and where: '02:00 Europe/Berlin'; without a zone, UTC"),
    json: jsonOption,
  },
  examples: ["tfk pg:backups:schedule DATABASE --at '02:00 Europe/Berlin' -a myapp"],
  async run(context, { args, options }) {
    const { client, output } = context;
    if (options.at === undefined)
      throw new UsageError('No time was given.', "Type: tfk pg:backups:schedule --at '02:00 Europe/Berlin'");
    const addon = await databaseAddon(context, args.database, context.app(options.app));
    const path = pathOf(addon.app.name, addon.id);
    const { body: made } = await client.request<BackupSchedule>('PUT', path, { body: { at: options.at } });
    if (options.json) return output.json(made);
    return output.line(
      `${visible(addon.name)} is backed up every day at ${visible(made.at)}, next ${until(made.next_at, context.now())}.`,
    );
  },
});

const unschedule = command({
  name: 'pg:backups:unschedule',
  summary: 'back a database up no more by itself',
  args: { database },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:backups:unschedule DATABASE -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const addon = await databaseAddon(context, args.database, context.app(options.app));
    const ended = await client.delete<BackupSchedule>(pathOf(addon.app.name, addon.id));
    if (options.json) return output.json(ended);
    return output.line(`${visible(addon.name)} is no longer backed up by itself. Its backups stay.`);
  },
});

export const commands = [schedules, schedule, unschedule];
