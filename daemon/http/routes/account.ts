import type { FastifyInstance } from 'fastify';
import { Account, RateLimit, type Account as AccountJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { AccountRecord } from '../../store/account.js';
import type { Context } from '../context.js';
import { quote } from '../find.js';
import { timeOf } from '../platform.js';

/** Requests that may be made at once, as Heroku counts them; nothing is counted here. */
export const RATE_LIMIT = 4500;

export function accountRoutes(app: FastifyInstance, { services }: Context): void {
  app.get('/account', { schema: { response: { 200: Account } } }, () => toJson(services.account.account()));
  app.get('/account/rate-limits', { schema: { response: { 200: RateLimit } } }, () => ({
    remaining: RATE_LIMIT,
  }));
  app.get('/account/features', () => []);
  app.get<{ Params: { feature: string } }>('/account/features/:feature', ({ params }) => {
    throw notFound('feature', `There is no feature ${quote(params.feature)}.`);
  });
  app.get('/account/keys', () => []);
  app.get<{ Params: { user: string } }>(
    '/users/:user',
    { schema: { response: { 200: Account } } },
    ({ params }) => {
      const account = services.account.account();
      if (isUser(account, params.user)) return toJson(account);
      throw notFound('user', `There is no user ${quote(params.user)}.`);
    },
  );
}

/** `~` is who asks. */
export const isUser = (account: AccountRecord, reference: string): boolean =>
  ['~', account.id, account.email].includes(reference);

function toJson(account: AccountRecord): AccountJson {
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
