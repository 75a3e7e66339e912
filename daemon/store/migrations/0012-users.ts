import type { Migration } from './migration.js';

/** Until here there was the account alone: all apps and tokens are its own. An app without an owner is the account's. */
export const users: Migration = {
  sql: `
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  created_at INTEGER NOT NULL
) STRICT;
INSERT INTO users (id, email, created_at) SELECT id, email, created_at FROM account;

-- A token without a user is of a home that never had an account, and nobody's.
CREATE TABLE new_tokens (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  scope_json TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
INSERT INTO new_tokens
  SELECT tokens.id, account.id, description, '["global"]', hash, tokens.created_at, tokens.created_at, expires_at
  FROM tokens, account;
DROP TABLE tokens;
ALTER TABLE new_tokens RENAME TO tokens;

ALTER TABLE apps ADD COLUMN owner_id TEXT REFERENCES users(id);

CREATE TABLE collaborators (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (app_id, user_id)
) STRICT;
CREATE INDEX collaborators_by_user ON collaborators(user_id);
`,
};
