import pg from 'pg';
import type { Config } from './config.js';
import type { Logger } from './log.js';

export type Database = pg.Pool;

/**
 * The database is an attached resource: all that is known of it is a URL. The pool opens connections when they are needed, so
 * the process starts without the database and goes on by itself when the database comes back. A timeout of 0 is none.
 */
export function connect(config: Config, log: Logger, queryTimeoutMs = config.databaseTimeoutMs): Database {
  const pool = new pg.Pool({
    connectionString: config.databaseUrl,
    max: config.poolSize,
    connectionTimeoutMillis: config.databaseTimeoutMs,
    query_timeout: queryTimeoutMs,
    statement_timeout: queryTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: config.dyno,
  });
  // An idle connection was lost: the pool has dropped it already, and opens another for the next query.
  pool.on('error', (error) => log.warn({ error: error.message }, 'lost a connection to the database'));
  return pool;
}

/** Commits when `work` resolves, rolls back when it rejects. */
export async function transaction<T>(
  database: Database,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  // Without a listener, a connection that dies between two queries would end the process.
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    client.removeListener('error', ignore);
    client.release(broken);
  }
}

const UNAVAILABLE = /^(ECONN\w+|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|08\w{3}|57P0\d|53300)$/;
const LOST = /connection terminated|timeout exceeded|query read timeout|not queryable/i;

/** Is it the database that is away, rather than the query that is wrong? */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return UNAVAILABLE.test(codeOf(error)) || LOST.test(error.message);
}

/** `users_email_taken` when a row broke that index, else undefined. */
export function brokenUniqueIndex(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23505' ? error.constraint : undefined;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function ignore(): void {
  // The query that runs rejects with the same error.
}
