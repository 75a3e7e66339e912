import type { Migration } from './migration.js';

/** Add-ons with new credentials whose former ones are still valid, for the dynos that have them. */
export const addonRotations: Migration = {
  sql: `
CREATE TABLE addon_rotations (
  addon_id TEXT PRIMARY KEY REFERENCES addons(id) ON DELETE CASCADE,
  former_sealed BLOB NOT NULL,
  begun_at INTEGER NOT NULL
) STRICT;
`,
};
