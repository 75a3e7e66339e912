import pg from 'pg';
import { TfkError } from '../../../shared/errors.js';
import type { AddonInstance } from '../../addon.js';
import { credentialsOf, type Credentials } from '../credentials.js';
import { namesOf, sparesOf } from '../roles.js';

const LIMIT_MS = 10_000;
/** So that text of values is the same whatever the database or its roles are set to. */
const SETTINGS = {
  statement_timeout: '0',
  lock_timeout: '30s',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  search_path: '',
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: 'C',
};

/** How tfkd itself comes in. */
export function keeperOf(addon: AddonInstance, database: string): Credentials {
  const { keeper: password } = sparesOf(addon.data) ?? {};
  if (password === undefined)
    throw new TfkError('internal_server_error', `The record of ${addon.name} has no way in for tfkd.`);
  return { port: credentialsOf(addon).port, user: namesOf(addon.id).keeper, password, database };
}

/**
 * Runs `work`, which may take its time, on a connection of tfkd's own to one of the server's databases. With the signal the
 * connection is cut, in the middle of a query too, and it rejects with the signal's reason.
 */
export async function asKeeper<T>(
  addon: AddonInstance,
  database: string,
  work: (client: pg.Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const client = new pg.Client({
    ...keeperOf(addon, database),
    host: '127.0.0.1',
    ssl: false,
    connectionTimeoutMillis: LIMIT_MS,
    keepAlive: true,
    application_name: 'tfkd',
  });
  client.on('error', () => undefined);
  const cut = (): void => void client.connection.stream.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
    for (const [name, value] of Object.entries(SETTINGS))
      await client.query(`SELECT set_config($1, $2, false)`, [name, value]);
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // A server that answers nothing does not answer the goodbye either.
    await client.end().catch(() => undefined);
    signal.removeEventListener('abort', cut);
  }
}
