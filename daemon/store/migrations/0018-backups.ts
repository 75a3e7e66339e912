import type { Migration } from './migration.js';

/** Backups of add-ons, restores from them, and when they are made by themselves. */
export const backups: Migration = {
  sql: `
-- The newest number of a backup or restore; none is used twice.
ALTER TABLE apps ADD COLUMN last_transfer INTEGER NOT NULL DEFAULT 0;

CREATE TABLE backups (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  -- The backup outlives it.
  addon_id TEXT NOT NULL,
  addon_name TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('manual', 'scheduled', 'uploaded')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'verified', 'unverified', 'failed')),
  reason TEXT,
  -- NULL: there is no file.
  bytes INTEGER,
  sha256 TEXT,
  content_json TEXT,
  actor TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (app_id, number)
) STRICT;
-- One at a time.
CREATE UNIQUE INDEX backups_under_way ON backups(addon_id) WHERE state IN ('pending', 'running');

CREATE TABLE restores (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  backup_number INTEGER NOT NULL,
  addon_id TEXT NOT NULL,
  addon_name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'failed')),
  reason TEXT,
  actor TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (app_id, number)
) STRICT;
CREATE UNIQUE INDEX restores_under_way ON restores(addon_id) WHERE state IN ('pending', 'running');

CREATE TABLE backup_schedules (
  addon_id TEXT PRIMARY KEY REFERENCES addons(id) ON DELETE CASCADE,
  id TEXT NOT NULL UNIQUE,
  hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
  minute INTEGER NOT NULL CHECK (minute BETWEEN 0 AND 59),
  time_zone TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
`,
};
