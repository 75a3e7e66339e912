import type { ServiceSpec } from '../../engines/service-host.js';
import { rolesSql, type Roles } from './roles.js';
import type { PostgresImage } from './which-image.js';

/** Inside its container, where nobody else is. */
export const CONTAINER_PORT = 5432;
/** Rules over its server and has no way in but from inside the container: apps get a role of their own. */
const SUPERUSER = 'tfk';
const SUPERUSER_PASSWORD = '/etc/tfk/superuser-password';
const MEMORY_BYTES = 1024 ** 3;

/** ICU's collation, so that text sorts as in a server that is a process; checksums, so that a bad disk is noticed. */
const INITDB =
  '--locale=C --locale-provider=icu --icu-locale=en-US --data-checksums --auth-host=scram-sha-256';

export interface ServerPlace {
  readonly id: string;
  readonly hostName: string;
  readonly apps: readonly string[];
  readonly hostPort: number;
  /** Of the superuser, while the server is made; the official image asks for one. */
  readonly throwaway: string;
}

export function containerSpec(place: ServerPlace, { image, dataPath }: PostgresImage): ServiceSpec {
  return {
    id: place.id,
    image,
    command: ['postgres', '-c', 'timezone=UTC', '-c', 'log_timezone=UTC'],
    env: {
      POSTGRES_USER: SUPERUSER,
      POSTGRES_DB: 'postgres',
      POSTGRES_PASSWORD_FILE: SUPERUSER_PASSWORD,
      POSTGRES_INITDB_ARGS: INITDB,
    },
    files: { [SUPERUSER_PASSWORD]: place.throwaway },
    dataPath,
    port: CONTAINER_PORT,
    hostPort: place.hostPort,
    alias: place.hostName,
    apps: place.apps,
    memoryBytes: MEMORY_BYTES,
  };
}

/** psql over the server's own socket; what it is to do comes by stdin. */
export const PSQL: readonly string[] = [
  'psql',
  '--no-psqlrc',
  '--quiet',
  `--username=${SUPERUSER}`,
  '--dbname=postgres',
  '--set=ON_ERROR_STOP=1',
];

/** Makes roles and database where they are not, gives the roles their passwords, and closes what nobody needs. */
export async function setUpSql(roles: Roles): Promise<string> {
  const { user, database } = roles.names;
  return [
    ...(await rolesSql(roles)),
    `SELECT 'CREATE DATABASE "${database}" OWNER "${user}"'
     WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${database}') \\gexec`,
    'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;',
    `ALTER ROLE "${SUPERUSER}" PASSWORD NULL;`,
  ].join('\n');
}
