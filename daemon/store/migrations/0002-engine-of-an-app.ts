import type { Migration } from './migration.js';

/** Until here there was the embedded engine alone. */
export const engineOfAnApp: Migration = {
  sql: `ALTER TABLE apps ADD COLUMN engine TEXT NOT NULL DEFAULT 'process';`,
};
