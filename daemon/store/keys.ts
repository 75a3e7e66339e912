import type { Connection } from './database.js';

/** A public SSH key of a user. */
export interface KeyRecord {
  readonly id: string;
  readonly userId: string;
  /** One line: type, key, comment. */
  readonly publicKey: string;
  readonly comment: string;
  readonly fingerprint: string;
  readonly createdAt: number;
}

const COLUMNS =
  'id, user_id AS userId, public_key AS publicKey, comment, fingerprint, created_at AS createdAt';

export class KeyStore {
  constructor(private readonly db: Connection) {}

  /** False where the user has that key already. */
  insert(key: KeyRecord): boolean {
    const { changes } = this.db
      .prepare(
        `INSERT INTO keys (id, user_id, public_key, comment, fingerprint, created_at)
         VALUES (@id, @userId, @publicKey, @comment, @fingerprint, @createdAt) ON CONFLICT DO NOTHING`,
      )
      .run(key);
    return changes === 1;
  }

  /** The oldest first. */
  list(userId: string): KeyRecord[] {
    return this.db
      .prepare<[string], KeyRecord>(
        `SELECT ${COLUMNS} FROM keys WHERE user_id = ? ORDER BY created_at, rowid`,
      )
      .all(userId);
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM keys WHERE id = ?').run(id);
  }
}
