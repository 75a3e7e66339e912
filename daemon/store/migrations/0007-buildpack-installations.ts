import type { Migration } from './migration.js';

/** Buildpacks that the user has set, by name; a build keeps those that it was made with. */
export const buildpackInstallations: Migration = {
  sql: `
CREATE TABLE buildpack_installations (
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  buildpack TEXT NOT NULL,
  PRIMARY KEY (app_id, ordinal)
) STRICT;
ALTER TABLE builds ADD COLUMN buildpacks_json TEXT NOT NULL DEFAULT '[]';
`,
};
