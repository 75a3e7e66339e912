import pg from 'pg';
import { systemClock } from '../../../shared/clock.js';
import { messageOf, TfkError } from '../../../shared/errors.js';
import type { AddonInstance } from '../../addon.js';
import { namesOf, type RoleNames } from '../roles.js';
import { asKeeper } from './keeper.js';

/** Every server has it, and nobody else is connected to it. */
const OTHER = 'postgres';
const SWAP_TRIES = 5;
const LOOK_MS = 50;
/** How long a connection may take to end. */
const ENDING_MS = 60_000;
const LIST_SETTINGS = [
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'datestyle',
];

const quoted = (name: string): string => pg.escapeIdentifier(name);
const formerOf = ({ database }: RoleNames): string => `${database}_former`;

/** Did a restore come as far as to swap the databases? What still does it is ended first. */
export function isSwapped(addon: AddonInstance, signal: AbortSignal): Promise<boolean> {
  const sql = 'SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1';
  const ask = async (client: pg.Client): Promise<boolean> => {
    await endOthers(client, signal);
    return (await client.query(sql, [formerOf(namesOf(addon.id))])).rows.length > 0;
  };
  return asKeeper(addon, OTHER, ask, signal);
}

/** Ends what a job that was cut short has left: its connections, its scratch database, the database that it replaced. */
export async function cleanUp(addon: AddonInstance, signal: AbortSignal): Promise<void> {
  const names = namesOf(addon.id);
  await drop(addon, [names.scratch, formerOf(names)], signal);
}

/** The same without the database that was replaced, by which `isSwapped` tells. */
export async function dropScratch(addon: AddonInstance, signal: AbortSignal): Promise<void> {
  await drop(addon, [namesOf(addon.id).scratch], signal);
}

async function drop(addon: AddonInstance, databases: readonly string[], signal: AbortSignal): Promise<void> {
  const remove = async (client: pg.Client): Promise<void> => {
    await endOthers(client, signal);
    for (const database of databases)
      await client.query(`DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`);
  };
  await asKeeper(addon, OTHER, remove, signal);
}

/** A backend does not end at once, and may be in the middle of a swap: it is waited for until it has done that, or undone it. */
async function endOthers(client: pg.Client, signal: AbortSignal): Promise<void> {
  const sql =
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = session_user AND pid <> pg_backend_pid()';
  for (let waited = 0; (await client.query(sql)).rows.length > 0; waited += LOOK_MS) {
    if (waited >= ENDING_MS)
      throw new TfkError('unavailable', 'A connection of an earlier backup or restore does not end.');
    await systemClock.sleep(LOOK_MS, signal);
  }
}

/** An empty database of the app's role, set as its own one is. */
export async function makeScratch(addon: AddonInstance, signal: AbortSignal): Promise<void> {
  const { scratch, user, database } = namesOf(addon.id);
  const make = async (client: pg.Client): Promise<void> => {
    await client.query(`CREATE DATABASE ${quoted(scratch)} OWNER ${quoted(user)} TEMPLATE template0`);
    const { rows } = await client.query<{ setting: string }>(
      `SELECT unnest(setconfig) AS setting FROM pg_catalog.pg_db_role_setting s
       JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = $1 AND s.setrole = 0`,
      [database],
    );
    for (const { setting } of rows) await client.query(settingSql(scratch, setting));
  };
  await asKeeper(addon, OTHER, make, signal);
}

/** Lists are stored as they are to be said again; all else is one value. */
function settingSql(database: string, setting: string): string {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
  const isList = LIST_SETTINGS.includes(name.toLowerCase()) && value !== '';
  const quotedName = name.split('.').map(quoted).join('.');
  return `ALTER DATABASE ${quoted(database)} SET ${quotedName} TO ${isList ? value : pg.escapeLiteral(value)}`;
}

/**
 * The scratch database becomes the app's, in one transaction: whoever connects meanwhile waits for its end. Who is connected is
 * sent away first, and one that comes back between the two steps is sent away again.
 */
export async function swap(addon: AddonInstance, signal: AbortSignal): Promise<void> {
  const names = namesOf(addon.id);
  const { database, scratch } = names;
  const change = async (client: pg.Client): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await client.query(`BEGIN; ${sendAway([database, scratch])};
          ALTER DATABASE ${quoted(database)} RENAME TO ${quoted(formerOf(names))};
          ALTER DATABASE ${quoted(scratch)} RENAME TO ${quoted(database)};
          COMMIT`);
        return;
      } catch (error) {
        await client.query('ROLLBACK');
        if (tries === SWAP_TRIES) throw notSwapped(addon, error);
      }
    }
  };
  await asKeeper(addon, OTHER, change, signal);
}

/** Roles that tfkd's own is a member of: the server's own workers make way by themselves. */
const sendAway = (databases: readonly string[]): string =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (${databases.map(pg.escapeLiteral).join(', ')})
   AND backend_type = 'client backend' AND pg_has_role(usename, 'USAGE') AND pid <> pg_backend_pid()`;

const notSwapped = ({ name }: AddonInstance, error: unknown): TfkError =>
  new TfkError(
    'conflict',
    `Connections to ${name} come back faster than it can be replaced: ${messageOf(error)}.`,
    { hint: 'Stop its dynos for the while (tfk ps:scale web=0), and type the command again.', cause: error },
  );
