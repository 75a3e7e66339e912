import type { Migration } from './migration.js';

/** Images that were made elsewhere, and what the sources say that are made of images. */
export const ociImages: Migration = {
  sql: `
CREATE TABLE oci_images (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
  -- As it was registered; image_id is what the engine calls it.
  digest TEXT NOT NULL,
  image_id TEXT NOT NULL,
  details_json TEXT NOT NULL,
  process_types_json TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX oci_images_by_app ON oci_images(app_id, created_at);

-- Process type → image and command, of a source that tfkd itself made of images.
CREATE TABLE image_sources (
  source_id TEXT PRIMARY KEY,
  types_json TEXT NOT NULL
) STRICT;
`,
};
