import { Type, type Static } from 'typebox';
import { NamedRef, Nullable, Time, Uuid } from './fields.js';

/** `GET /account`, `GET /users/~`: the one user of this home. */
export const Account = Type.Object({
  allow_tracking: Type.Boolean(),
  beta: Type.Boolean(),
  country_of_residence: Nullable(Type.String()),
  created_at: Time(),
  default_organization: Nullable(NamedRef),
  default_team: Nullable(NamedRef),
  delinquent_at: Nullable(Time()),
  email: Type.String(),
  federated: Type.Boolean(),
  id: Uuid(),
  identity_provider: Type.Null(),
  last_login: Nullable(Time()),
  name: Nullable(Type.String()),
  sms_number: Nullable(Type.String()),
  suspended_at: Nullable(Time()),
  two_factor_authentication: Type.Boolean(),
  updated_at: Time(),
  verified: Type.Boolean(),
});
export type Account = Static<typeof Account>;

/** `GET /account/rate-limits` */
export const RateLimit = Type.Object({ remaining: Type.Integer() });
export type RateLimit = Static<typeof RateLimit>;
