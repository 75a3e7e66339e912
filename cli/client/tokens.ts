import type { Authorization } from '../../api/authorizations.js';
import { count, text } from '../command.js';
import type { Client } from './client.js';

/** What may be said of a new token. */
export const tokenOptions = {
  description: text('-d, --description <text>', 'what it is for'),
  expires: count('-e, --expires-in <seconds>', 'how long it is good; else until it is removed'),
  scope: text('-s, --scope <scopes>', 'read, write, read-protected, write-protected, identity or global'),
  user: text('--user <email>', 'whose it is to be; else your own'),
};

interface Wishes {
  readonly description?: string | undefined;
  readonly expires?: number | undefined;
  readonly scope?: string | undefined;
  readonly user?: string | undefined;
}

export const newToken = (
  client: Client,
  { description, expires, scope, user }: Wishes,
): Promise<Authorization> =>
  client.post<Authorization>('/oauth/authorizations', {
    description: description ?? 'tfk auth:token',
    ...(expires === undefined ? {} : { expires_in: expires }),
    ...(scope === undefined ? {} : { scope: scope.split(',') }),
    ...(user === undefined ? {} : { user }),
  });
