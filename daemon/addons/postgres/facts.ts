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
