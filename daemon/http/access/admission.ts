import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../shared/clock.js';
import { TokenCheck } from '../auth.js';
import type { Services } from '../services.js';
import { assertAccess, assertAccount } from './app-access.js';
import { namedInBody, namedInUrl } from './named.js';
import type { Requester } from './requester.js';
import { assertScope, neededScope } from './scopes.js';

export interface AdmissionOptions {
  /** True for the unix socket: who may open it is the account. */
  readonly trusted: boolean;
  readonly clock: Clock;
  readonly guard: (request: IncomingMessage) => void;
}

/**
 * What comes before every route, also before "there is no such route": who is not let in learns nothing. All that is
 * decided before the body is read, but for the apps that the body names.
 */
export function admit(
  app: FastifyInstance,
  services: Services,
  { trusted, clock, guard }: AdmissionOptions,
): void {
  const tokens = new TokenCheck((token) => services.account.authenticate(token), clock);
  app.decorateRequest('requester', null);
  app.addHook('onRequest', async (request) => {
    guard(request.raw);
    const { config } = request.routeOptions;
    if (config.secretUrl === true || config.open === true) return;
    const requester = trusted ? accountOf(services) : tokenUser(services, tokens, request);
    request.requester = requester;
    const { token } = requester;
    if (token) assertScope(token.record.scope, neededScope(request.method, config.scope));
    if (requester.isAccount) return;
    if (config.only === 'account') assertAccount(services, requester);
    assertAccess(services, request, namedInUrl(services, request));
  });
  app.addHook('preHandler', async (request) => {
    const { requester } = request;
    if (requester?.isAccount === false) assertAccess(services, request, namedInBody(services, request));
  });
}

const accountOf = (services: Services): Requester => ({
  user: services.account.account(),
  isAccount: true,
  token: null,
});

function tokenUser(services: Services, tokens: TokenCheck, request: FastifyRequest): Requester {
  const token = tokens.check(request);
  const account = services.account.account();
  const user = services.account.user(token.record.userId) ?? account;
  return { user, isAccount: user.id === account.id, token };
}
