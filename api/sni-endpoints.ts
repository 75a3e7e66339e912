import { Type, type Static } from 'typebox';
import { NamedRef, Nullable, Time, Uuid } from './fields.js';

export const SniEndpoint = Type.Object({
  app: NamedRef,
  certificate_chain: Type.String(),
  created_at: Time(),
  display_name: Nullable(Type.String()),
  /** Ids of the domains that have this certificate. */
  domains: Type.Array(Uuid()),
  id: Uuid(),
  name: Type.String(),
  ssl_cert: Type.Object({
    /** Not in Heroku's schema, but read by its CLI: made and renewed by itself. */
    acm: Type.Boolean(),
    /** Signed by an authority that browsers know. */
    'ca_signed?': Type.Boolean(),
    cert_domains: Type.Array(Type.String()),
    expires_at: Time(),
    id: Uuid(),
    issuer: Type.String(),
    'self_signed?': Type.Boolean(),
    starts_at: Time(),
    subject: Type.String(),
  }),
  updated_at: Time(),
});
export type SniEndpoint = Static<typeof SniEndpoint>;

/** `POST /apps/:app/sni-endpoints` and `PATCH /apps/:app/sni-endpoints/:name`; both PEM. */
export const WriteSniEndpoint = Type.Object({
  certificate_chain: Type.String(),
  private_key: Type.String(),
});
export type WriteSniEndpoint = Static<typeof WriteSniEndpoint>;
