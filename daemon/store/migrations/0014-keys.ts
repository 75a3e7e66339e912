import type { Migration } from './migration.js';

/** Public SSH keys of users. Nobody comes in by them: git speaks HTTPS here. */
export const keys: Migration = {
  sql: `
CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  public_key TEXT NOT NULL,
  comment TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (user_id, fingerprint)
) STRICT;
`,
};
