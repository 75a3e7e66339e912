import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { TokenRecord } from '../../store/tokens.js';
import { TokenCheck } from '../auth.js';
import type { Services } from '../services.js';
import { assertAccess, assertAccount } from './app-access.js';
import { expiryWarning } from './expiry.js';
import { namedInBody, namedInUrl } from './named.js';
import { RateLimiter, type HourlyLimit } from './rate-limit.js';
import type { Requester } from './requester.js';
import { assertScope, neededScope } from './scopes.js';

export interface AdmissionOptions {
  /** True for the unix socket: who may open it is the account. */
  readonly trusted: boolean;
  readonly clock: Clock;
  readonly guard: (request: IncomingMessage) => void;
  /** Of each token; the unix socket has none. */
  readonly hourlyLimit: HourlyLimit;
}

/**
 * What comes before every route, also before "there is no such route": who is not let in learns nothing. All that is
 * decided before the body is read, but for the apps that the body names.
 */
export function admit(
  app: FastifyInstance,
  services: Services,
  { trusted, clock, guard, hourlyLimit }: AdmissionOptions,
): void {
  const limiter = hourlyLimit === null ? null : new RateLimiter(hourlyLimit);
  const tokens = new TokenCheck((token) => services.account.authenticate(token), clock);
  app.decorateRequest('requester', null);
  app.addHook('onRequest', async (request, reply) => {
    guard(request.raw);
    const { config } = request.routeOptions;
    if (config.secretUrl === true || config.open === true) return;
    const requester = trusted ? accountOf(services) : tokenUser(services, tokens, request);
    request.requester = requester;
    const { token } = requester;
    if (token) {
      warnOfEnd(reply, token.record, clock.now());
      if (limiter)
        count(limiter, reply, { id: token.record.id, now: clock.now(), cost: config.uncounted ? 0 : 1 });
      assertScope(token.record.scope, neededScope(request.method, config.scope));
    }
    if (requester.isAccount) return;
    if (config.only === 'account') assertAccount(services, requester);
    assertAccess(services, request, namedInUrl(services, request));
  });
  app.addHook('preHandler', async (request) => {
    const { requester } = request;
    if (requester?.isAccount === false) assertAccess(services, request, namedInBody(services, request));
  });
}

/** Clients of both kinds print it. */
function warnOfEnd(reply: FastifyReply, token: TokenRecord, now: number): void {
  const warning = expiryWarning(token, now);
  if (warning !== null) void reply.header('x-heroku-warning', warning);
}

/** @throws TfkError `rate_limit` */
function count(
  limiter: RateLimiter,
  reply: FastifyReply,
  { id, now, cost }: { readonly id: string; readonly now: number; readonly cost: number },
): void {
  const drawn = limiter.draw(id, now, cost);
  void reply.header('ratelimit-remaining', drawn.remaining);
  if (drawn.granted) return;
  throw new TfkError('rate_limit', 'This token has used up its requests of this hour. Nothing was changed.', {
    hint: `Wait ${drawn.retryAfterS} s, or let it have more: TFK_API_RATE_LIMIT.`,
    retryAfterS: drawn.retryAfterS,
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
