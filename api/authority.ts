import { Type, type Static } from 'typebox';
import { Time } from './fields.js';

/** `GET /tfk/authority`: the local certificate authority, for clients to trust. */
export const Authority = Type.Object({
  /** PEM */
  certificate: Type.String(),
  /** Where the same stands on tfkd's machine. */
  path: Type.String(),
  expires_at: Time(),
});
export type Authority = Static<typeof Authority>;
