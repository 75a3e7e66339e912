import type { Migration } from './migration.js';

/** Set-ups of apps from a source with an app.json. Overrides of config vars are not here: they are config of the app at once. */
export const appSetups: Migration = {
  sql: `
CREATE TABLE app_setups (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  user_email TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  failure_message TEXT,
  manifest_errors_json TEXT NOT NULL,
  build_id TEXT,
  postdeploy_command TEXT,
  postdeploy_output TEXT,
  postdeploy_exit_code INTEGER,
  success_url TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
`,
};
