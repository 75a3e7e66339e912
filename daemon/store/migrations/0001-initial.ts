import type { Migration } from './migration.js';

/** The first schema. Times are milliseconds since the epoch; `*_json` is JSON; `*_sealed` is AES-256-GCM (secret-box.ts). */
export const initial: Migration = {
  sql: `
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;

-- "number" is never reused (AUTOINCREMENT): engines derive an app's user id from it.
CREATE TABLE apps (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  maintenance INTEGER NOT NULL DEFAULT 0,
  current_release_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  released_at INTEGER,
  -- Set while the app is being taken down: its dynos go first, its rows last.
  destroyed_at INTEGER
) STRICT;

CREATE TABLE sources (
  id TEXT PRIMARY KEY,
  put_secret TEXT NOT NULL UNIQUE,
  get_secret TEXT NOT NULL UNIQUE,
  checksum TEXT,
  size INTEGER,
  created_at INTEGER NOT NULL,
  received_at INTEGER
) STRICT;

CREATE TABLE slugs (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  -- Hash of all that the build read; the same key is not built twice.
  content_key TEXT NOT NULL,
  artifact_json TEXT NOT NULL,
  process_types_json TEXT NOT NULL,
  launch_env_json TEXT NOT NULL,
  launch_path_json TEXT NOT NULL,
  healthchecks_json TEXT NOT NULL,
  checksum TEXT NOT NULL,
  commit_ref TEXT,
  planner TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX slugs_by_content ON slugs(app_id, content_key);

-- What a slug was made of, for comparing releases: gzipped JSON.
CREATE TABLE slug_contents (
  slug_id TEXT PRIMARY KEY REFERENCES slugs(id) ON DELETE CASCADE,
  contents BLOB NOT NULL
) STRICT;

CREATE TABLE releases (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  description TEXT NOT NULL,
  user_email TEXT NOT NULL,
  slug_id TEXT REFERENCES slugs(id),
  config_sealed BLOB NOT NULL,
  bindings_json TEXT NOT NULL,
  process_types_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (app_id, version)
) STRICT;

-- A release is immutable. Only with its whole app may it go.
CREATE TRIGGER releases_are_immutable BEFORE UPDATE ON releases
BEGIN SELECT RAISE(ABORT, 'a release is immutable'); END;
CREATE TRIGGER releases_stay BEFORE DELETE ON releases
WHEN EXISTS (SELECT 1 FROM apps WHERE id = OLD.app_id AND destroyed_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'a release stays as long as its app'); END;

-- How far a release has come: pending, succeeded or failed; never back from an end state.
CREATE TABLE release_states (
  release_id TEXT PRIMARY KEY REFERENCES releases(id) ON DELETE CASCADE,
  status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  message TEXT,
  -- Unguessable part of its output's URL; null where no release command ran.
  output_secret TEXT UNIQUE,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER release_states_are_final BEFORE UPDATE OF status ON release_states
WHEN OLD.status <> 'pending'
BEGIN SELECT RAISE(ABORT, 'the end state of a release is final'); END;

CREATE TABLE builds (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  user_email TEXT NOT NULL,
  source_id TEXT,
  source_url TEXT NOT NULL,
  source_version TEXT,
  source_checksum TEXT,
  output_secret TEXT NOT NULL UNIQUE,
  slug_id TEXT REFERENCES slugs(id),
  release_id TEXT REFERENCES releases(id),
  message TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX builds_by_app ON builds(app_id, created_at);

CREATE TABLE formation (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity >= 0),
  size TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (app_id, type)
) STRICT;

-- One row per start of a dyno; "instance" is also the label by which engines know it.
CREATE TABLE dynos (
  instance TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('formation', 'one-off', 'release')),
  release_id TEXT NOT NULL,
  release_version INTEGER NOT NULL,
  command TEXT NOT NULL,
  size TEXT NOT NULL,
  state TEXT NOT NULL,
  handle_json TEXT,
  attached INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  state_since INTEGER NOT NULL,
  ready_at INTEGER,
  next_start_at INTEGER,
  time_limit_ms INTEGER,
  stop_reason TEXT,
  exit_code INTEGER,
  exited_at INTEGER,
  message TEXT
) STRICT;
CREATE INDEX dynos_by_app ON dynos(app_id);

CREATE TABLE domains (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  hostname TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE addons (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id),
  name TEXT NOT NULL UNIQUE,
  service TEXT NOT NULL,
  plan TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('provisioning', 'provisioned', 'deprovisioning')),
  data_sealed BLOB,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  addon_id TEXT NOT NULL REFERENCES addons(id) ON DELETE CASCADE,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (app_id, name)
) STRICT;
`,
};
