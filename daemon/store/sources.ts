import type { Connection } from './database.js';

/** An uploaded source tarball. */
export interface SourceRecord {
  readonly id: string;
  readonly putSecret: string;
  readonly getSecret: string;
  /** `SHA256:<hex>` of the tarball; null until it was received whole. */
  readonly checksum: string | null;
  readonly size: number | null;
  readonly createdAt: number;
  readonly receivedAt: number | null;
}

const COLUMNS = `id, put_secret AS putSecret, get_secret AS getSecret, checksum, size, created_at AS createdAt,
  received_at AS receivedAt`;

export class SourceStore {
  constructor(private readonly db: Connection) {}

  insert(source: Pick<SourceRecord, 'id' | 'putSecret' | 'getSecret' | 'createdAt'>): void {
    this.db
      .prepare(
        'INSERT INTO sources (id, put_secret, get_secret, created_at) VALUES (@id, @putSecret, @getSecret, @createdAt)',
      )
      .run(source);
  }

  markReceived(id: string, checksum: string, size: number, now: number): void {
    this.db
      .prepare('UPDATE sources SET checksum = ?, size = ?, received_at = ? WHERE id = ?')
      .run(checksum, size, now, id);
  }

  byPutSecret(secret: string): SourceRecord | undefined {
    return this.db
      .prepare<[string], SourceRecord>(`SELECT ${COLUMNS} FROM sources WHERE put_secret = ?`)
      .get(secret);
  }

  byGetSecret(secret: string): SourceRecord | undefined {
    return this.db
      .prepare<[string], SourceRecord>(`SELECT ${COLUMNS} FROM sources WHERE get_secret = ?`)
      .get(secret);
  }

  byId(id: string): SourceRecord | undefined {
    return this.db.prepare<[string], SourceRecord>(`SELECT ${COLUMNS} FROM sources WHERE id = ?`).get(id);
  }

  /** Sources that no unfinished build needs, made before `time`. */
  unusedBefore(time: number): SourceRecord[] {
    return this.db
      .prepare<[number], SourceRecord>(
        `SELECT ${COLUMNS} FROM sources WHERE created_at < ?
         AND id NOT IN (SELECT source_id FROM builds WHERE status = 'pending' AND source_id IS NOT NULL)`,
      )
      .all(time);
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM sources WHERE id = ?').run(id);
  }
}
