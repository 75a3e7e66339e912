import { Type, type Static } from 'typebox';
import { Time, Uuid } from './fields.js';

/** What is the same for every app here, and what Heroku's clients ask beside the resources of their command. */

export const Region = Type.Object({
  country: Type.String(),
  created_at: Time(),
  description: Type.String(),
  id: Uuid(),
  locale: Type.String(),
  name: Type.String(),
  private_capable: Type.Boolean(),
  provider: Type.Object({ name: Type.String(), region: Type.String() }),
  updated_at: Time(),
});
export type Region = Static<typeof Region>;

export const Stack = Type.Object({
  created_at: Time(),
  default: Type.Boolean(),
  id: Uuid(),
  name: Type.String(),
  state: Type.String(),
  updated_at: Time(),
});
export type Stack = Static<typeof Stack>;
