import { Type, type Static } from 'typebox';
import { NamedRef, Nullable, Time, Uuid } from './fields.js';

const Level = Type.Union([Type.Literal('notify'), Type.Literal('sync')]);

export const Webhook = Type.Object({
  app: NamedRef,
  created_at: Time(),
  id: Uuid(),
  /** Kinds of changes that it is told of: `api:release`… */
  include: Type.Array(Type.String()),
  /** `notify`: one attempt. `sync`: attempts for up to three days, until one succeeds. */
  level: Level,
  updated_at: Time(),
  url: Type.String(),
});
export type Webhook = Static<typeof Webhook>;

/**
 * `POST /apps/:app/webhooks`. The secret, given or invented, is the reply's header
 * `Heroku-Webhook-Secret`, and in no later reply.
 */
export const CreateWebhook = Type.Object({
  /** The value of the header `Authorization` of each delivery. */
  authorization: Type.Optional(Nullable(Type.String())),
  include: Type.Array(Type.String(), { maxItems: 100 }),
  level: Level,
  /** Key of the signature of each delivery. */
  secret: Type.Optional(Nullable(Type.String())),
  url: Type.String(),
});
export type CreateWebhook = Static<typeof CreateWebhook>;

/** `PATCH /apps/:app/webhooks/:webhook`. A secret of null is exchanged for a new one, an authorization of null is dropped. */
export const UpdateWebhook = Type.Partial(CreateWebhook);
export type UpdateWebhook = Static<typeof UpdateWebhook>;
