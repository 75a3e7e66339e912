import { appOption, command, jsonOption, optional, text } from '../command.js';
import type { Context } from '../context.js';
import { databaseOf, type Address } from '../database/address.js';
import { showAddonsOf } from '../database/info.js';
import { through } from '../database/programs.js';

const database = optional('database', 'a config var, attachment or add-on; else DATABASE_URL');

const psql = command({
  name: 'pg:psql',
  summary: 'open a console to the database of an app',
  details:
    "Uses this machine's psql where there is one, else a small console of its own. Statements may come by a pipe.",
  args: { database },
  options: { app: appOption, command: text('-c, --command <sql>', 'run this and end') },
  examples: [
    'tfk pg:psql -a myapp',
    "echo 'select 1' | tfk pg:psql -a myapp",
    "tfk pg:psql -c 'select count(*) from users'",
  ],
  async run(context, { args, options }) {
    const address = await databaseOf(context, context.app(options.app), args.database);
    const code = await throughPsql(context, address, options.command);
    if (code !== null) return code;
    const { runConsole } = await import('../database/console.js');
    return runConsole(context, address, options.command);
  },
});

const info = command({
  name: 'pg:info',
  summary: 'show the databases of an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk pg:info -a myapp'],
  async run(context, { options }) {
    const app = context.app(options.app);
    const kind = { herokuName: 'heroku-postgresql', what: 'Postgres', service: 'postgres' };
    return showAddonsOf(context, { app, ...kind, json: options.json });
  },
});

export const commands = [psql, info];

/** Null where this machine has no psql. */
function throughPsql(context: Context, address: Address, sql: string | undefined): Promise<number | null> {
  const args = sql === undefined ? [] : ['--command', sql];
  const env = { ...withoutOtherServers(context.config.env), ...address };
  return through(context, { name: 'psql', args, env });
}

/** Of the user's shell, these would lead psql elsewhere, whatever PGHOST says. */
function withoutOtherServers(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const others = ['PGHOSTADDR', 'PGSERVICE'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !others.includes(name)));
}
