import { Type, type Static } from 'typebox';
import { IdRef, Meaningless, Nullable, Time, Uuid } from './fields.js';
import { SCOPES } from './scopes.js';

/** The token's text is told in the reply to its creation and renewal, and to whoever sent it; else it is an empty string. */
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

const Description = Type.String({ maxLength: 256 });

/** `POST /oauth/authorizations`; `expires_in` in seconds. */
export const CreateAuthorization = Type.Object({
  client: Meaningless(),
  description: Type.Optional(Nullable(Description)),
  expires_in: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 3_155_760_000 }))),
  scope: Type.Optional(Nullable(Type.Array(Type.Enum([...SCOPES]), { minItems: 1 }))),
  /** Ours: whose it is to be, by e-mail address; only the account may name another than itself. */
  user: Type.Optional(Type.String()),
});
export type CreateAuthorization = Static<typeof CreateAuthorization>;

/** `PATCH /oauth/authorizations/:authorization` */
export const UpdateAuthorization = Type.Object({
  client: Meaningless(),
  description: Type.Optional(Nullable(Description)),
});
export type UpdateAuthorization = Static<typeof UpdateAuthorization>;
