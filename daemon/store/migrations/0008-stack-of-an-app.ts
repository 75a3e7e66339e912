import type { Migration } from './migration.js';

/** The stack that the user has set; null: the source says what it is built as. */
export const stackOfAnApp: Migration = {
  sql: `ALTER TABLE apps ADD COLUMN build_stack TEXT CHECK (build_stack IN ('heroku-24', 'container'));`,
};
