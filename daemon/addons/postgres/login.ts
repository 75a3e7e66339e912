import pg from 'pg';
import { codeOf } from '../../shared/errors.js';
import type { Answer } from '../servers/host.js';
import type { Credentials } from './credentials.js';

const LIMIT_MS = 5000;
/** SQLSTATE cannot_connect_now: starting up, recovering or shutting down. */
const NOT_YET = '57P03';

/** Runs `work` on a connection of the add-on's own role; rejects with pg's error. */
export async function withLogin<T>(
  to: Credentials,
  work: (client: pg.Client) => Promise<T>,
  host = '127.0.0.1',
): Promise<T> {
  const client = new pg.Client({
    ...to,
    host,
    ssl: false,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    application_name: 'tfkd',
  });
  // The server may go away at any time; what was running then rejects, and nobody else needs to hear of it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A refusal in PostgreSQL's own words (wrong password, too many connections) comes from a server that is up. */
export async function answerOf(to: Credentials, host?: string): Promise<Answer> {
  try {
    await withLogin(to, (client) => client.query('SELECT 1'), host);
    return 'ready';
  } catch (error) {
    const code = codeOf(error);
    if (code === NOT_YET) return 'starting';
    return error instanceof pg.DatabaseError ? 'ready' : 'silent';
  }
}
