import type { Migration } from './migration.js';

/** Scheduled jobs: what a slug's app.json asks for, what is remembered of each job, and its runs. */
export const cron: Migration = {
  sql: `
CREATE TABLE slug_cron (
  slug_id TEXT PRIMARY KEY REFERENCES slugs(id) ON DELETE CASCADE,
  jobs_json TEXT NOT NULL
) STRICT;

CREATE TABLE cron_jobs (
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  job_id TEXT NOT NULL,
  -- Its times up to this moment are dealt with. Null while the current release has no such job.
  settled_until INTEGER,
  suspended_at INTEGER,
  PRIMARY KEY (app_id, job_id)
) STRICT;

-- That a time is run once rests on the unique key: the row is the claim.
CREATE TABLE cron_runs (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  job_id TEXT NOT NULL,
  command TEXT NOT NULL,
  -- Null: a user asked for it.
  scheduled_at INTEGER,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'stopped', 'skipped')),
  -- Of its dyno, once there is one.
  instance TEXT,
  dyno TEXT,
  release_version INTEGER,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  exit_code INTEGER,
  -- In a user's words, why it ended as it did.
  reason TEXT,
  UNIQUE (app_id, job_id, scheduled_at)
) STRICT;
CREATE INDEX cron_runs_by_app ON cron_runs(app_id, created_at);
CREATE INDEX cron_runs_by_instance ON cron_runs(instance);
CREATE INDEX open_cron_runs ON cron_runs(app_id) WHERE status IN ('waiting', 'running');
`,
};
