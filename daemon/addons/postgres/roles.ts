import { newSecret } from '../../shared/ids.js';
import type { AddonData } from '../addon.js';
import type { Credentials } from './credentials.js';
import { scramVerifier } from './scram.js';

/** Roles and databases of an add-on's server, always the same for the same id. None of the roles is a superuser. */
export interface RoleNames {
  /** The app's role, whose all its objects are: `u3f2a…` */
  readonly user: string;
  /** Another way in as that one; which of the two an app is given changes with each rotation of its credentials. */
  readonly second: string;
  /** tfkd's own: it makes and swaps databases of the app's role, and reads past row security, so that a backup has every row. */
  readonly keeper: string;
  /** `d3f2a…` */
  readonly database: string;
  /** Where a backup is proved, and from which one is restored. */
  readonly scratch: string;
}

export interface Roles {
  readonly names: RoleNames;
  readonly passwords: Readonly<Record<'user' | 'second' | 'keeper', string>>;
}

export const namesOf = (id: string): RoleNames => namesBy(id.replaceAll('-', '').slice(0, 14));

export const namesIn = ({ database }: Pick<Credentials, 'database'>): RoleNames => namesBy(database.slice(1));

function namesBy(tail: string): RoleNames {
  return {
    user: `u${tail}`,
    second: `u${tail}b`,
    keeper: `k${tail}`,
    database: `d${tail}`,
    scratch: `d${tail}_scratch`,
  };
}

/** Statements, one a line, that may be repeated: the roles are there afterwards, with these passwords. */
export async function rolesSql({ names, passwords }: Roles): Promise<readonly string[]> {
  const { user, second, keeper } = names;
  const login = async (role: string, password: string, more = '') => [
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE "${role}"; END IF; END $$;`,
    `ALTER ROLE "${role}" LOGIN ${more}PASSWORD '${await scramVerifier(password)}';`,
  ];
  return [
    ...(await login(user, passwords.user)),
    ...(await login(second, passwords.second)),
    ...(await login(keeper, passwords.keeper, 'CREATEDB BYPASSRLS ')),
    `GRANT "${user}" TO "${second}", "${keeper}";`,
    `GRANT "${second}" TO "${keeper}";`,
    // Whoever comes in as the second one acts as the first, and makes what the first owns.
    `ALTER ROLE "${second}" SET role = '${user}';`,
    `GRANT CONNECT ON DATABASE postgres TO "${keeper}";`,
  ];
}

/** What the record of an add-on keeps of its roles. A type, so that it is plain data. */
export type NewRecord = Readonly<Record<'user' | 'password' | 'database' | 'spare' | 'keeper', string>>;

export function newRecord(id: string): NewRecord {
  const { user, database } = namesOf(id);
  return { user, database, password: newSecret(), spare: newSecret(), keeper: newSecret() };
}

/** Of a server whose app is given the first of the two ways in. */
export function rolesOf(wanted: Omit<Credentials, 'port'>): Roles {
  const spares = sparesOf(wanted);
  if (!spares) throw new Error('The record names one way in only');
  return {
    names: namesIn(wanted),
    passwords: { user: wanted.password, second: spares.spare, keeper: spares.keeper },
  };
}

/** Passwords of the way in that no app is given now, and of tfkd's own; undefined: it is from before there were these roles. */
export function sparesOf(record: AddonData): Pick<NewRecord, 'spare' | 'keeper'> | undefined {
  const { spare, keeper } = record;
  return typeof spare === 'string' && typeof keeper === 'string' ? { spare, keeper } : undefined;
}
