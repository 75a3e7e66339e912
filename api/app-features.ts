import { Type, type Static } from 'typebox';
import { Time, Uuid } from './fields.js';

/** Something of an app that is on or off. Heroku's clients list `general` ones by `features`, all others by `labs`. */
export const AppFeature = Type.Object({
  created_at: Time(),
  description: Type.String(),
  display_name: Type.String(),
  doc_url: Type.String(),
  enabled: Type.Boolean(),
  feedback_email: Type.String(),
  id: Uuid(),
  name: Type.String(),
  state: Type.String(),
  updated_at: Time(),
});
export type AppFeature = Static<typeof AppFeature>;

/** `PATCH /apps/:app/features/:feature` */
export const UpdateAppFeature = Type.Object({ enabled: Type.Boolean() });
export type UpdateAppFeature = Static<typeof UpdateAppFeature>;
