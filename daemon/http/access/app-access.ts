import type { FastifyRequest } from 'fastify';
import { TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import { quote, unknownApp } from '../find.js';
import type { Services } from '../services.js';
import { ownerOf } from '../users.js';
import type { Named } from './named.js';
import { requesterOf, type Requester } from './requester.js';

/** Who may do what to which app: the one place where it is decided. */

/** The account may use every app of its home; others use their own, and those that they were let in to. */
const mayUse = (services: Services, { isAccount, user }: Requester, app: AppRecord): boolean =>
  isAccount || app.ownerId === user.id || services.records.collaborators.find(app.id, user.id) !== undefined;

/** For lists: may the requester see what belongs to this app? */
export function visibleTo(services: Services, requester: Requester): (appId: string) => boolean {
  if (requester.isAccount) return () => true;
  const visible = new Set(
    services.apps
      .list()
      .filter((app) => mayUse(services, requester, app))
      .map(({ id }) => id),
  );
  return (appId) => visible.has(appId);
}

/**
 * What a request names must be the requester's to use.
 * @throws TfkError `forbidden`, or `not_found` for an app that is not there
 */
export function assertAccess(services: Services, request: FastifyRequest, named: readonly Named[]): void {
  const requester = requesterOf(request);
  const { only } = request.routeOptions.config;
  for (const { kind, name, apps, enough } of named) {
    if (kind === 'app' && apps.length === 0) throw notAmongOwn(services, requester, name);
    const usable = apps.filter((app) => mayUse(services, requester, app));
    const fits = enough === 'some' ? apps.length === 0 || usable.length > 0 : usable.length === apps.length;
    if (!fits) throw noAccess(kind, name);
    if (only === 'owner') for (const app of apps) assertOwner(services, requester, app);
  }
}

/** The names of others' apps are none of the requester's business. */
function notAmongOwn(services: Services, requester: Requester, name: string): TfkError {
  const own = services.apps.list().filter((app) => mayUse(services, requester, app));
  return unknownApp(name, own);
}

/** In Heroku's words. */
const noAccess = (kind: string, name: string): TfkError =>
  new TfkError('forbidden', `You do not have access to the ${kind} ${quote(name).slice(1, -1)}.`, {
    hint: 'Its owner can let you in: tfk access:add YOUR_EMAIL -a APP',
  });

/** @throws TfkError `forbidden`, unless the requester owns the app */
export function assertOwner(services: Services, { isAccount, user }: Requester, app: AppRecord): void {
  if (isAccount || app.ownerId === user.id) return;
  throw new TfkError(
    'forbidden',
    `Only the owner of ${app.name}, ${ownerOf(services, app).email}, may do this. Nothing was changed.`,
  );
}

/** @throws TfkError `forbidden`, unless it is the account that asks */
export function assertAccount(services: Services, { isAccount }: Requester): void {
  if (isAccount) return;
  throw new TfkError(
    'forbidden',
    `Only ${services.account.account().email}, to whom this tfkd belongs, may do this. Nothing was changed.`,
  );
}
