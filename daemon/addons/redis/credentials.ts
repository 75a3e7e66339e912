import { TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonInstance, NetworkAddress } from '../addon.js';

/** How an app reaches its Redis; what the add-on's record keeps (encrypted, for the passwords). */
export type Credentials = {
  readonly port: number;
  readonly password: string;
  /** While credentials are rotated: the one that dynos may still have. */
  readonly former?: string;
  /** Of tfkd's own user, which changes the app's passwords. */
  readonly keeper: string;
};

export const newCredentials = (): Omit<Credentials, 'port'> => ({
  password: newSecret(),
  keeper: newSecret(),
});

export function credentialsOf(addon: AddonInstance): Credentials {
  const { port, password, former, keeper } = addon.data;
  if (typeof port === 'number' && typeof password === 'string' && typeof keeper === 'string')
    return { port, password, keeper, ...(typeof former === 'string' ? { former } : {}) };
  throw new TfkError('internal_server_error', `The record of ${addon.name} does not say how to reach it.`, {
    hint: `Remove it with tfk addons:destroy ${addon.name} and create another.`,
  });
}

/** Without a user's name, as Heroku has it: the password is that of the user `default`. */
export function redisUrl({ password }: Credentials, { host, port }: NetworkAddress): string {
  return `redis://:${password}@${host}:${port}`;
}
