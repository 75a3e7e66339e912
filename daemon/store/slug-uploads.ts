import type { Connection } from './database.js';

/** A slug that somebody brings along: what it was announced as. Once its tarball is there, it is a slug of the same id. */
export interface SlugUploadRecord {
  readonly id: string;
  readonly appId: string;
  /** Unguessable part of the URL that takes its tarball. */
  readonly putSecret: string;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly buildpackDescription: string | null;
  /** `SHA256:<hex>` of the tarball, as it was announced. */
  readonly checksum: string | null;
  readonly commit: string | null;
  readonly commitDescription: string | null;
  readonly createdAt: number;
  /** Null until the tarball was taken in, and the slug made of it. */
  readonly receivedAt: number | null;
}

type Row = Omit<SlugUploadRecord, 'processTypes'> & { processTypes: string };

const COLUMNS = `id, app_id AS appId, put_secret AS putSecret, process_types_json AS processTypes,
  buildpack_description AS buildpackDescription, checksum, commit_ref AS "commit",
  commit_description AS commitDescription, created_at AS createdAt, received_at AS receivedAt`;

export class SlugUploadStore {
  constructor(private readonly db: Connection) {}

  insert(upload: Omit<SlugUploadRecord, 'receivedAt'>): void {
    this.db
      .prepare(
        `INSERT INTO slug_uploads (id, app_id, put_secret, process_types_json, buildpack_description, checksum, commit_ref,
          commit_description, created_at)
         VALUES (@id, @appId, @putSecret, @processTypes, @buildpackDescription, @checksum, @commit, @commitDescription,
          @createdAt)`,
      )
      .run({ ...upload, processTypes: JSON.stringify(upload.processTypes) });
  }

  markReceived(id: string, now: number): void {
    this.db.prepare('UPDATE slug_uploads SET received_at = ? WHERE id = ?').run(now, id);
  }

  /** Forgets what was announced before that time and was not received. */
  expire(before: number): void {
    this.db.prepare('DELETE FROM slug_uploads WHERE received_at IS NULL AND created_at < ?').run(before);
  }

  byId(id: string): SlugUploadRecord | undefined {
    return this.one('id', id);
  }

  byPutSecret(secret: string): SlugUploadRecord | undefined {
    return this.one('put_secret', secret);
  }

  private one(column: 'id' | 'put_secret', value: string): SlugUploadRecord | undefined {
    const row = this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM slug_uploads WHERE ${column} = ?`)
      .get(value);
    return row && { ...row, processTypes: JSON.parse(row.processTypes) as Record<string, string> };
  }
}
