import type { Migration } from './migration.js';

/**
 * Pipelines, what is in them, and promotions. A target's outcome is its release's: `release_id` is written with the release in
 * one transaction, so that a promotion which a crash cut off neither releases twice nor forgets a target.
 */
export const pipelines: Migration = {
  sql: `
CREATE TABLE pipelines (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- An app is in one pipeline at most.
CREATE TABLE pipeline_couplings (
  id TEXT PRIMARY KEY,
  pipeline_id TEXT NOT NULL REFERENCES pipelines(id) ON DELETE CASCADE,
  app_id TEXT NOT NULL UNIQUE REFERENCES apps(id) ON DELETE CASCADE,
  stage TEXT NOT NULL CHECK (stage IN ('test', 'review', 'development', 'staging', 'production')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pipeline_couplings_by_pipeline ON pipeline_couplings(pipeline_id);

-- What was promoted may be gone before it: a promotion outlives its source app.
CREATE TABLE pipeline_promotions (
  id TEXT PRIMARY KEY,
  pipeline_id TEXT NOT NULL REFERENCES pipelines(id) ON DELETE CASCADE,
  source_app_id TEXT NOT NULL,
  source_release_id TEXT NOT NULL,
  description TEXT NOT NULL,
  user_email TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pipeline_promotions_by_pipeline ON pipeline_promotions(pipeline_id);

CREATE TABLE pipeline_promotion_targets (
  id TEXT PRIMARY KEY,
  promotion_id TEXT NOT NULL REFERENCES pipeline_promotions(id) ON DELETE CASCADE,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  -- The target's own row of the promoted slug.
  slug_id TEXT NOT NULL REFERENCES slugs(id) ON DELETE CASCADE,
  process_types_json TEXT NOT NULL,
  release_id TEXT,
  -- Why there is no release.
  error_message TEXT,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pipeline_promotion_targets_by_promotion ON pipeline_promotion_targets(promotion_id);

-- The source that a slug was made of which came by promotion: the app itself never built it.
CREATE TABLE promoted_slugs (
  slug_id TEXT PRIMARY KEY REFERENCES slugs(id) ON DELETE CASCADE,
  source_id TEXT NOT NULL,
  source_url TEXT NOT NULL,
  source_version TEXT,
  source_checksum TEXT
) STRICT;
`,
};
