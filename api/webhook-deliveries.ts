import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

/** One event on its way to one webhook. */
export const WebhookDelivery = Type.Object({
  created_at: Time(),
  event: Type.Object({ id: Uuid(), include: Type.String() }),
  id: Uuid(),
  last_attempt: Nullable(
    Type.Object({
      /** The HTTP status of the reply, if there was one. */
      code: Nullable(Type.Integer()),
      created_at: Time(),
      /** What went wrong, in a word: `Timeout`, `ConnectionRefused`, `UnexpectedStatus`… */
      error_class: Nullable(Type.String()),
      id: Uuid(),
      status: Type.Union([Type.Literal('scheduled'), Type.Literal('succeeded'), Type.Literal('failed')]),
      updated_at: Time(),
    }),
  ),
  next_attempt_at: Nullable(Time()),
  num_attempts: Type.Integer(),
  status: Type.Union([
    Type.Literal('pending'),
    Type.Literal('scheduled'),
    Type.Literal('retrying'),
    Type.Literal('failed'),
    Type.Literal('succeeded'),
  ]),
  updated_at: Time(),
  webhook: Type.Object({ id: Uuid(), level: Type.String() }),
});
export type WebhookDelivery = Static<typeof WebhookDelivery>;
