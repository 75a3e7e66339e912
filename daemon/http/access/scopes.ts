import type { Scope } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';

/**
 * Which tokens may use a route, by what it needs. A route declares its need in its `config.scope`; without it what reads
 * needs `read`, and what changes needs `write`.
 */
const ENOUGH: Readonly<Record<Scope, readonly Scope[]>> = {
  // Heroku's clients ask for the account in passing, whatever they do: no token is kept from knowing whose it is.
  identity: ['identity', 'read', 'write', 'read-protected', 'write-protected'],
  read: ['read', 'write', 'read-protected', 'write-protected'],
  write: ['write', 'write-protected'],
  'read-protected': ['read-protected', 'write-protected'],
  'write-protected': ['write-protected'],
  global: [],
};

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export const neededScope = (method: string, declared: Scope | undefined): Scope =>
  declared ?? (READING.has(method) ? 'read' : 'write');

export const isEnough = (scopes: readonly string[], needed: Scope): boolean =>
  ['global', ...ENOUGH[needed]].some((scope) => scopes.includes(scope));

/** @throws TfkError `forbidden` */
export function assertScope(scopes: readonly string[], needed: Scope): void {
  if (isEnough(scopes, needed)) return;
  throw new TfkError(
    'forbidden',
    `This needs a token of the scope ${needed}; the one it came with has ${scopes.join(', ') || 'none'}. Nothing was changed.`,
    { hint: `Make another on the machine itself: tfk auth:token --scope ${needed}` },
  );
}
