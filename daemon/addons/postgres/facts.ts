import type { Credentials } from './credentials.js';
import { withLogin } from './login.js';

export interface DatabaseFacts {
  readonly version: string;
  readonly bytes: number;
  readonly tables: number;
  /** Without the one that asks. */
  readonly connections: number;
  readonly maxConnections: number;
}

const QUERY = `
  SELECT current_setting('server_version') AS version,
         pg_database_size(current_database())::float8 AS bytes,
         (SELECT count(*)::int FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')) AS tables,
         (SELECT count(*)::int FROM pg_catalog.pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()) AS connections,
         current_setting('max_connections')::int AS "maxConnections"`;

export async function databaseFacts(to: Credentials): Promise<DatabaseFacts> {
  return withLogin(to, async (client) => {
    const [facts] = (await client.query<DatabaseFacts>(QUERY)).rows;
    if (!facts) throw new Error('PostgreSQL answered no row');
    return facts;
  });
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `8.1 MB` */
export function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power] ?? ''}`;
}
