import { Type, type Static } from 'typebox';
import { Time, Uuid } from './fields.js';

/** A public SSH key of a user. */
export const Key = Type.Object({
  comment: Type.String(),
  created_at: Time(),
  /** The comment again, where Heroku's older clients look for it. */
  email: Type.String(),
  /** MD5 of the key, in hex with colons. */
  fingerprint: Type.String(),
  id: Uuid(),
  public_key: Type.String(),
  updated_at: Time(),
});
export type Key = Static<typeof Key>;

/** `POST /account/keys`: one line, as it is in `~/.ssh/id_ed25519.pub`. */
export const CreateKey = Type.Object({ public_key: Type.String({ minLength: 1, maxLength: 16_384 }) });
export type CreateKey = Static<typeof CreateKey>;
