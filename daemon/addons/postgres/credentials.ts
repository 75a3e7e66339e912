import { TfkError } from '../../shared/errors.js';
import type { AddonInstance, NetworkAddress } from '../addon.js';

/** How an app reaches its database; what the add-on's record keeps (encrypted, for the password). */
export type Credentials = {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
};

export function credentialsOf(addon: AddonInstance): Credentials {
  const { port, user, password, database } = addon.data;
  if (
    typeof port !== 'number' ||
    typeof user !== 'string' ||
    typeof password !== 'string' ||
    typeof database !== 'string'
  ) {
    throw new TfkError('internal_server_error', `The record of ${addon.name} does not say how to reach it.`, {
      hint: `Remove it with tfk addons:destroy ${addon.name} and create another.`,
    });
  }
  return { port, user, password, database };
}

/** The scheme is spelled as Heroku's pg:psql wants it: it refuses `postgresql://`. */
export function databaseUrl(
  { user, password, database }: Credentials,
  { host, port }: NetworkAddress,
): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`;
}
