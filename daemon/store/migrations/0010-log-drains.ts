import type { Migration } from './migration.js';

/** Where an app's log goes besides. How far each has come stands beside the lines, in the app's own log database. */
export const logDrains: Migration = {
  sql: `
CREATE TABLE log_drains (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  token TEXT NOT NULL UNIQUE,
  -- It may hold a password.
  url_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX log_drains_by_app ON log_drains(app_id);
`,
};
