import type { Connection } from './database.js';

/** Where the tarballs of slugs are fetched without a token. */
export class SlugBlobStore {
  constructor(private readonly db: Connection) {}

  /** The secret of a slug's URL; `fresh` from now on where it had none. */
  ensureSecret(slug: { readonly id: string; readonly appId: string }, fresh: string): string {
    this.db
      .prepare('INSERT OR IGNORE INTO slug_blobs (slug_id, app_id, get_secret) VALUES (?, ?, ?)')
      .run(slug.id, slug.appId, fresh);
    const row = this.db
      .prepare<[string], { secret: string }>('SELECT get_secret AS secret FROM slug_blobs WHERE slug_id = ?')
      .get(slug.id);
    return row?.secret ?? fresh;
  }

  /** The id of the slug whose secret that is. */
  slugOf(secret: string): string | undefined {
    return this.db
      .prepare<[string], { id: string }>('SELECT slug_id AS id FROM slug_blobs WHERE get_secret = ?')
      .get(secret)?.id;
  }
}
