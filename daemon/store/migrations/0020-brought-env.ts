import type { Migration } from './migration.js';

/** What a classic buildpack says of a slug's environment may be secret: sealed, apart from the plan's own. */
export const broughtEnv: Migration = {
  sql: `
-- JSON of name → value. Null: nothing was brought.
ALTER TABLE slugs ADD COLUMN brought_env_sealed BLOB;
`,
};
