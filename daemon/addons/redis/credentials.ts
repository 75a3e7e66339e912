import { TfkError } from '../../shared/errors.js';
import type { AddonInstance, NetworkAddress } from '../addon.js';

/** How an app reaches its Redis; what the add-on's record keeps (encrypted, for the password). */
export type Credentials = {
  readonly port: number;
  readonly password: string;
};

export function credentialsOf(addon: AddonInstance): Credentials {
  const { port, password } = addon.data;
  if (typeof port === 'number' && typeof password === 'string') return { port, password };
  throw new TfkError('internal_server_error', `The record of ${addon.name} does not say how to reach it.`, {
    hint: `Remove it with tfk addons:destroy ${addon.name} and create another.`,
  });
}

/** Without a user's name, as Heroku has it: the password is that of the user `default`. */
export function redisUrl({ password }: Credentials, { host, port }: NetworkAddress): string {
  return `redis://:${password}@${host}:${port}`;
}
