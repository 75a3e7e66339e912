import type { FastifyRequest } from 'fastify';
import type { UserRef } from '../../api/index.js';
import { notFound } from '../shared/errors.js';
import type { AppRecord } from '../store/apps.js';
import type { UserRecord } from '../store/users.js';
import { requesterOf } from './access/requester.js';
import { quote } from './find.js';
import type { Services } from './services.js';

/** Who did something, by the address that was noted then. */
export const userRef = (services: Services, email: string): UserRef => ({
  id: (services.account.user(email) ?? services.account.account()).id,
  email,
});

export function ownerOf(services: Services, { ownerId }: AppRecord): UserRecord {
  const owner = ownerId === null ? undefined : services.account.user(ownerId);
  return owner ?? services.account.account();
}

/**
 * The user whom a path names by id, e-mail address or `~`: the requester, or whoever else where the account asks.
 * @throws TfkError `not_found`
 */
export function findUser(services: Services, request: FastifyRequest, reference: string): UserRecord {
  const { user, isAccount } = requesterOf(request);
  if (['~', user.id].includes(reference) || reference.toLowerCase() === user.email.toLowerCase()) return user;
  const other = isAccount ? services.account.user(reference) : undefined;
  if (other) return other;
  throw notFound('user', `There is no user ${quote(reference)}.`);
}
