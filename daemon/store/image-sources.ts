import type { Connection } from './database.js';

/** What a process type runs, in a source that is made of images. */
export interface TypeOfImage {
  /** `sha256:…`, as the engine calls it. */
  readonly image: string;
  readonly command: string;
}

/** Of the sources that tfkd made of images: which type runs which. */
export class ImageSourceStore {
  constructor(private readonly db: Connection) {}

  insert(sourceId: string, types: Readonly<Record<string, TypeOfImage>>): void {
    this.db
      .prepare('INSERT INTO image_sources (source_id, types_json) VALUES (?, ?)')
      .run(sourceId, JSON.stringify(types));
  }

  /** Of sources that no app has a build or a promoted slug of. */
  deleteUnused(): void {
    this.db
      .prepare(
        `DELETE FROM image_sources WHERE source_id NOT IN (
           SELECT source_id FROM builds WHERE source_id IS NOT NULL UNION SELECT source_id FROM promoted_slugs)`,
      )
      .run();
  }

  /** Undefined for any other source. */
  types(sourceId: string): Readonly<Record<string, TypeOfImage>> | undefined {
    const row = this.db
      .prepare<[string], { types: string }>(
        'SELECT types_json AS types FROM image_sources WHERE source_id = ?',
      )
      .get(sourceId);
    return row && (JSON.parse(row.types) as Record<string, TypeOfImage>);
  }
}
