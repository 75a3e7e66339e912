import type { FastifyInstance } from 'fastify';
import { Account, RateLimit, type Account as AccountJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { UserRecord } from '../../store/users.js';
import { requesterOf } from '../access/requester.js';
import type { Context } from '../context.js';
import { quote } from '../find.js';
import { timeOf } from '../platform.js';
import { findUser } from '../users.js';

/** Requests that may be made at once, as Heroku counts them; nothing is counted here. */
export const RATE_LIMIT = 4500;

export function accountRoutes(app: FastifyInstance, { services }: Context): void {
  const config = { scope: 'identity' } as const;
  const one = { config, schema: { response: { 200: Account } } };

  app.get('/account', one, (request) => toJson(requesterOf(request).user));
  app.get<{ Params: { user: string } }>('/users/:user', one, (request) =>
    toJson(findUser(services, request, request.params.user)),
  );
  app.get('/account/rate-limits', { config, schema: { response: { 200: RateLimit } } }, () => ({
    remaining: RATE_LIMIT,
  }));
  app.get('/account/features', { config }, () => []);
  app.get<{ Params: { feature: string } }>('/account/features/:feature', { config }, ({ params }) => {
    throw notFound('feature', `There is no feature ${quote(params.feature)}.`);
  });
  app.get('/account/keys', { config: { scope: 'global' } }, () => []);
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
