import { Type, type Static } from 'typebox';
import { Time } from './fields.js';

/** `POST /auth`, of Heroku's login service (HEROKU_LOGIN_HOST). */
export const BeginLogin = Type.Object({ description: Type.Optional(Type.String({ maxLength: 256 })) });
export type BeginLogin = Static<typeof BeginLogin>;

/** Paths below the login service; Heroku's CLI asks the second one with the token until there is an answer. */
export const BegunLogin = Type.Object({
  browser_url: Type.String(),
  cli_url: Type.String(),
  token: Type.String(),
});
export type BegunLogin = Static<typeof BegunLogin>;

/** `GET /tfk/logins/:code`, `POST /tfk/logins/:code/actions/approve`: a login by a browser that waits for approval. */
export const Login = Type.Object({
  code: Type.String(),
  /** What the client says of itself. */
  description: Type.String(),
  created_at: Time(),
  expires_at: Time(),
});
export type Login = Static<typeof Login>;
