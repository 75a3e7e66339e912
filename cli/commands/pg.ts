import { spawn } from 'node:child_process';
import type { Addon, AddonDetails } from '../../api/addons.js';
import { appOption, command, jsonOption, optional, text } from '../command.js';
import { pathOfApp, tfkPathOfApp, type Context } from '../context.js';
import { databaseOf, type Address } from '../database/address.js';
import { codeOf, EXIT, messageOf, UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { fields } from '../output/table.js';

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
    const { client, output } = context;
    const app = context.app(options.app);
    const addons = await client.list<Addon>(`${pathOfApp(app)}/addons`);
    const found = await Promise.all(
      addons
        .filter((addon) => /postgres/.test(addon.addon_service.name))
        .map((addon) => client.get<AddonDetails>(`${tfkPathOfApp(app)}/addons/${addon.id}`)),
    );
    if (options.json) return output.json(found);
    if (found.length === 0)
      throw new UserError(`${app} has no Postgres add-on.`, {
        hint: `Type: tfk addons:create postgres -a ${app}`,
      });
    for (const addon of found) {
      output.header(addon.config_vars.map(visible).join(', '));
      output.lines(fields([...addon.facts, ['Add-on', addon.name]]));
      output.line();
    }
    return undefined;
  },
});

export const commands = [psql, info];

/** Null where this machine has no psql. */
function throughPsql(context: Context, address: Address, sql: string | undefined): Promise<number | null> {
  // Ctrl-C is psql's: it cancels a query there, and must not end us before it.
  const heed = context.onSignal('SIGINT', () => undefined);
  const done = new Promise<number | null>((resolve, reject) => {
    const args = sql === undefined ? [] : ['--command', sql];
    const env = { ...withoutOtherServers(context.config.env), ...address };
    const child = spawn('psql', args, { stdio: 'inherit', env });
    child.once('exit', (code) => resolve(code ?? EXIT.failed));
    child.once('error', (error) => {
      if (codeOf(error) === 'ENOENT') resolve(null);
      else reject(new UserError(`psql does not start: ${messageOf(error)}`));
    });
  });
  return done.finally(heed);
}

/** Of the user's shell, these would lead psql elsewhere, whatever PGHOST says. */
function withoutOtherServers(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const others = ['PGHOSTADDR', 'PGSERVICE'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !others.includes(name)));
}
