import type { Migration } from './migration.js';

/** What the version of a build's source is about: a commit's message. */
export const descriptionOfASource: Migration = {
  sql: 'ALTER TABLE builds ADD COLUMN source_description TEXT;',
};
