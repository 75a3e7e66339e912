import type { Migration } from './migration.js';

/** Webhooks, what happened to their apps, and what is to be delivered of it. "seq" tells which came first, and is never reused. */
export const webhooks: Migration = {
  sql: `
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  -- The url's origin: deliveries to one target wait for each other.
  target TEXT NOT NULL,
  include_json TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('notify', 'sync')),
  secret_sealed BLOB NOT NULL,
  authorization_sealed BLOB,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_by_app ON webhooks(app_id);

CREATE TABLE webhook_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  include TEXT NOT NULL,
  resource TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('create', 'update', 'destroy')),
  actor_json TEXT NOT NULL,
  data_json TEXT NOT NULL,
  previous_json TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_events_by_app ON webhook_events(app_id, seq);

CREATE TABLE webhook_deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  event_id TEXT NOT NULL REFERENCES webhook_events(id) ON DELETE CASCADE,
  webhook_id TEXT NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
  status TEXT NOT NULL CHECK (status IN ('pending', 'scheduled', 'retrying', 'failed', 'succeeded')),
  num_attempts INTEGER NOT NULL DEFAULT 0,
  -- When it is due; null while an attempt is under way ("scheduled") and after the last one.
  next_attempt_at INTEGER,
  attempt_id TEXT,
  attempt_status TEXT CHECK (attempt_status IN ('scheduled', 'succeeded', 'failed')),
  attempt_code INTEGER,
  attempt_error TEXT,
  attempt_created_at INTEGER,
  attempt_updated_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((status IN ('pending', 'retrying')) = (next_attempt_at IS NOT NULL))
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries(next_attempt_at, seq) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries(event_id);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries(webhook_id, seq);
`,
};
