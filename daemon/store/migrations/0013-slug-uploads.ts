import type { Migration } from './migration.js';

/** Ready-made slugs, and where the tarballs of all slugs are fetched. */
export const slugUploads: Migration = {
  sql: `
CREATE TABLE slug_uploads (
  -- Of the slug that it becomes.
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  put_secret TEXT NOT NULL UNIQUE,
  process_types_json TEXT NOT NULL,
  buildpack_description TEXT,
  checksum TEXT,
  commit_ref TEXT,
  commit_description TEXT,
  created_at INTEGER NOT NULL,
  received_at INTEGER
) STRICT;
CREATE INDEX slug_uploads_by_app ON slug_uploads(app_id, received_at);

-- Unguessable, so that a slug can be fetched without a token. One for each slug that was ever asked about.
CREATE TABLE slug_blobs (
  slug_id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  get_secret TEXT NOT NULL UNIQUE
) STRICT;
`,
};
