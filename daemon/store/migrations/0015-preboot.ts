import type { Migration } from './migration.js';

/** Are old web dynos kept until new ones are ready? Until here it was so for every app. */
export const preboot: Migration = {
  sql: `
ALTER TABLE apps ADD COLUMN preboot INTEGER NOT NULL DEFAULT 1 CHECK (preboot IN (0, 1));
-- NULL: as the app was made.
ALTER TABLE apps ADD COLUMN preboot_set_at INTEGER;
`,
};
