/** What a token may do, as Heroku's OAuth documentation names it. Loads nothing, so that a client may read it at once. */
export const SCOPES = [
  /** Everything. */
  'global',
  /** Who the user is. */
  'identity',
  /** All of apps but config vars and what shows them. */
  'read',
  /** To change that too. */
  'write',
  /** As `read`, with config vars. */
  'read-protected',
  /** As `write`, with config vars. */
  'write-protected',
] as const;

export type Scope = (typeof SCOPES)[number];
