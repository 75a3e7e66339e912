import { Type, type Static } from 'typebox';
import { NamedRef, Nullable, Time, Uuid } from './fields.js';

export const LogDrain = Type.Object({
  /** The add-on that made it: none does here. */
  addon: Type.Null(),
  app: NamedRef,
  created_at: Time(),
  id: Uuid(),
  /** `d.<uuid>` */
  token: Type.String(),
  updated_at: Time(),
  /** As it was given: Heroku's clients compare it with what they gave. */
  url: Type.String(),
});
export type LogDrain = Static<typeof LogDrain>;

/** `POST /apps/:app/log-drains` */
export const CreateLogDrain = Type.Object({ url: Type.String() });
export type CreateLogDrain = Static<typeof CreateLogDrain>;

/** `GET /tfk/apps/:app/log-drains`: how its drains fare. */
export const LogDrainProgress = Type.Object({
  id: Uuid(),
  token: Type.String(),
  /** With passwords and the values of its query masked. */
  url: Type.String(),
  /** Lines that are still to be sent. */
  pending: Type.Integer(),
  /** Lines since the drain was made, those that came twice twice. */
  delivered: Type.Integer(),
  /** Lines that it will never get. */
  dropped: Type.Integer(),
  /** Since tfkd began. */
  last_delivered_at: Nullable(Time()),
  /** Null while all is well. */
  failure: Nullable(
    Type.Object({ since: Time(), failures: Type.Integer(), reason: Type.String(), next_try_at: Time() }),
  ),
});
export type LogDrainProgress = Static<typeof LogDrainProgress>;
