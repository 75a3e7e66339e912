import { Type, type Static } from 'typebox';

/** `POST /tfk/git/pushes/:secret`: the hook of a git push says what it brings. */
export const ClaimPush = Type.Object({
  /** Hex. */
  commit: Type.String({ pattern: '^[0-9a-f]{40}([0-9a-f]{24})?$' }),
  message: Type.String({ maxLength: 4000 }),
});
export type ClaimPush = Static<typeof ClaimPush>;
