import type { Migration } from './migration.js';

/** Containers go on finding a renamed add-on under the name that it was made with. */
export const hostsOfAddons: Migration = {
  sql: `
ALTER TABLE addons ADD COLUMN host_name TEXT NOT NULL DEFAULT '';
UPDATE addons SET host_name = name;
CREATE UNIQUE INDEX addons_by_host_name ON addons(host_name);
`,
};
