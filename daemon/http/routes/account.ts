import type { FastifyInstance } from 'fastify';
import { Account, RateLimit, type Account as AccountJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { UserRecord } from '../../store/users.js';
import { requesterOf } from '../access/requester.js';
import type { Context } from '../context.js';
import { timeOf } from '../platform.js';
import { findUser } from '../users.js';

export function accountRoutes(app: FastifyInstance, { services }: Context): void {
  const config = { scope: 'identity' } as const;
  const one = { config, schema: { response: { 200: Account } } };

  app.get('/account', one, (request) => toJson(requesterOf(request).user));
  app.get<{ Params: { user: string } }>('/users/:user', one, (request) =>
    toJson(findUser(services, request, request.params.user)),
  );
  // The number that every reply tells in a header; to ask for it costs nothing.
  app.get(
    '/account/rate-limits',
    { config: { ...config, uncounted: true }, schema: { response: { 200: RateLimit } } },
    (_request, reply) => ({ remaining: Number(reply.getHeader('ratelimit-remaining')) }),
  );
  // Heroku's clients go on to the app's feature of that name if the account has none.
  app.get('/account/features', { config }, () => []);
  app.get('/account/features/:feature', { config }, noFeature);
  app.patch('/account/features/:feature', { config: { scope: 'global' } }, noFeature);
}

function noFeature(): never {
  throw notFound(
    'account_feature',
    'An account has no features here; each app has its own.',
    'See them: tfk features -a APP',
  );
}

function toJson(account: UserRecord): AccountJson {
  const time = timeOf(account.createdAt);
  return {
    allow_tracking: false,
    beta: false,
    country_of_residence: null,
    created_at: time,
    default_organization: null,
    default_team: null,
    delinquent_at: null,
    email: account.email,
    federated: false,
    id: account.id,
    identity_provider: null,
    last_login: null,
    name: null,
    sms_number: null,
    suspended_at: null,
    two_factor_authentication: false,
    updated_at: time,
    verified: true,
  };
}
