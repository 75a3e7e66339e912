import { Type, type Static } from 'typebox';
import { NamedRef, Nullable, Time, Uuid } from './fields.js';

export const Domain = Type.Object({
  acm_status: Nullable(Type.String()),
  acm_status_reason: Nullable(Type.String()),
  app: NamedRef,
  cname: Nullable(Type.String()),
  created_at: Time(),
  hostname: Type.String(),
  id: Uuid(),
  /** `heroku` is the app's own `<app>.localhost`, `custom` the user's. */
  kind: Type.Union([Type.Literal('heroku'), Type.Literal('custom')]),
  sni_endpoint: Nullable(NamedRef),
  status: Type.String(),
  updated_at: Time(),
});
export type Domain = Static<typeof Domain>;

/** `POST /apps/:app/domains` */
export const CreateDomain = Type.Object({
  hostname: Type.String(),
  sni_endpoint: Type.Optional(Nullable(Type.String())),
});
export type CreateDomain = Static<typeof CreateDomain>;

/** `PATCH /apps/:app/domains/:domain`; an SNI endpoint's name or id, null for none. */
export const UpdateDomain = Type.Object({ sni_endpoint: Nullable(Type.String()) });
export type UpdateDomain = Static<typeof UpdateDomain>;
