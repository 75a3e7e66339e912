import { Type, type Static } from 'typebox';
import { MapOf, Time, UserRef, Uuid } from './fields.js';

/** A change of one of an app's resources, of which webhooks are told. */
export const WebhookEvent = Type.Object({
  created_at: Time(),
  id: Uuid(),
  /** `api:release` */
  include: Type.String(),
  payload: Type.Object({
    action: Type.String(),
    actor: UserRef,
    /** The resource after the change; of one that is gone, as it was last. */
    data: MapOf(Type.Unknown()),
    /** What of it was different before. */
    previous_data: MapOf(Type.Unknown()),
    /** Not in Heroku's schema; Heroku's CLI prints it. */
    published_at: Time(),
    resource: Type.String(),
    version: Type.String(),
  }),
  updated_at: Time(),
});
export type WebhookEvent = Static<typeof WebhookEvent>;
