import { Type, type Static } from 'typebox';
import { Identity, Meaningless, NamedRef, Nullable, Time, Uuid } from './fields.js';

export const Attachment = Type.Object({
  addon: Type.Object({ app: NamedRef, id: Uuid(), name: Type.String(), plan: NamedRef }),
  app: NamedRef,
  /** Beyond Heroku's schema, but read by its `pg:*` commands: names only. */
  config_vars: Type.Array(Type.String()),
  created_at: Time(),
  id: Uuid(),
  log_input_url: Nullable(Type.String()),
  name: Type.String(),
  namespace: Nullable(Type.String()),
  updated_at: Time(),
  web_url: Nullable(Type.String()),
});
export type Attachment = Static<typeof Attachment>;

/** `POST /addon-attachments` */
export const CreateAttachment = Type.Object({
  addon: Identity,
  app: Identity,
  confirm: Type.Optional(Nullable(Type.String())),
  name: Type.Optional(Nullable(Type.String())),
  /** `credential:reader`, on Heroku; here an add-on has one credential. */
  namespace: Type.Optional(Nullable(Type.String())),
  namespace_config: Meaningless(),
});
export type CreateAttachment = Static<typeof CreateAttachment>;

/** `POST /actions/addon-attachments/resolve`; `addon_attachment` may also be one of its config vars (`DATABASE_URL`). */
export const ResolveAttachment = Type.Object({
  addon_attachment: Type.String(),
  addon_service: Type.Optional(Nullable(Type.String())),
  app: Type.Optional(Nullable(Type.String())),
});
export type ResolveAttachment = Static<typeof ResolveAttachment>;
