import { Type, type Static } from 'typebox';
import { IdRef, Nullable, Time, Uuid } from './fields.js';

/** The token's text is told once, in the reply to its creation; later it is an empty string. */
const Token = Type.Object({
  /** Seconds left. */
  expires_in: Nullable(Type.Integer()),
  id: Uuid(),
  token: Type.String(),
});

export const Authorization = Type.Object({
  access_token: Nullable(Token),
  client: Type.Null(),
  created_at: Time(),
  description: Type.String(),
  grant: Type.Null(),
  id: Uuid(),
  refresh_token: Type.Null(),
  scope: Type.Array(Type.String()),
  session: Nullable(IdRef),
  updated_at: Time(),
  user: Type.Object({ email: Type.String(), full_name: Nullable(Type.String()), id: Uuid() }),
});
export type Authorization = Static<typeof Authorization>;

/** `POST /oauth/authorizations`; `expires_in` in seconds. */
export const CreateAuthorization = Type.Object({
  description: Type.Optional(Type.String()),
  expires_in: Type.Optional(Nullable(Type.Integer({ minimum: 1 }))),
  scope: Type.Optional(Type.Array(Type.String())),
});
export type CreateAuthorization = Static<typeof CreateAuthorization>;
