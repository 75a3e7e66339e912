import pg from 'pg';
import { codeOf, TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonData, AddonInstance } from '../addon.js';
import { credentialsOf, type Credentials } from './credentials.js';
import { withLogin } from './login.js';
import { namesOf, sparesOf, type RoleNames } from './roles.js';
import { scramVerifier } from './scram.js';

/** SQLSTATE invalid_password */
const WRONG_PASSWORD = '28P01';

/**
 * The data that names the other way in; `spare` is what the password of the present one will be when it is cut off. Nothing
 * changes on the server but who owns what.
 */
export async function otherCredentials(addon: AddonInstance): Promise<AddonData> {
  const names = namesOf(addon.id);
  const present = credentialsOf(addon);
  const user = present.user === names.user ? names.second : names.user;
  const password = spareOf(addon);
  await handOver(names, asSecond(names, present, { ...present, user, password }));
  return { ...addon.data, user, password, spare: newSecret() };
}

/** The former password ends, and so do the connections that came with it. */
export async function cutOff(addon: AddonInstance, former: Credentials): Promise<void> {
  const names = namesOf(addon.id);
  const replaced = { ...former, password: spareOf(addon) };
  await withLogin(former, (client) => changeOwnPassword(client, former.user, replaced.password)).catch(
    (error: unknown) => {
      // It was changed already, by a try that was cut short.
      if (codeOf(error) !== WRONG_PASSWORD) throw error;
    },
  );
  await withLogin(replaced, endOthers);
  await handOver(names, asSecond(names, replaced, credentialsOf(addon)));
}

function spareOf(addon: AddonInstance): string {
  const { spare } = sparesOf(addon.data) ?? {};
  if (spare !== undefined) return spare;
  throw new TfkError('internal_server_error', `The record of ${addon.name} names one way in only.`);
}

const asSecond = ({ second }: RoleNames, one: Credentials, other: Credentials): Credentials =>
  one.user === second ? one : other;

async function changeOwnPassword(client: pg.Client, user: string, password: string): Promise<void> {
  await client.query('SET ROLE NONE');
  await client.query(
    `ALTER ROLE ${pg.escapeIdentifier(user)} PASSWORD ${pg.escapeLiteral(await scramVerifier(password))}`,
  );
}

async function endOthers(client: pg.Client): Promise<void> {
  await client.query('SET ROLE NONE');
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = session_user AND pid <> pg_backend_pid()',
  );
}

/** `DISCARD ALL`, which poolers send, ends the role that a session of the second began with: then it makes things of its own. */
async function handOver({ user, second }: RoleNames, to: Credentials): Promise<void> {
  await withLogin(to, async (client) => {
    await client.query('SET ROLE NONE');
    await client.query(`REASSIGN OWNED BY ${pg.escapeIdentifier(second)} TO ${pg.escapeIdentifier(user)}`);
  });
}
