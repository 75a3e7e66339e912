import { createHash } from 'node:crypto';
import type { Connection } from './database.js';

export interface TokenRecord {
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  /** What it may do, in Heroku's words: `global`, `read`… */
  readonly scope: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | null;
}

type Row = Omit<TokenRecord, 'scope'> & { readonly scope: string };

const COLUMNS = `id, user_id AS userId, description, scope_json AS scope, created_at AS createdAt,
  updated_at AS updatedAt, expires_at AS expiresAt`;
const toRecord = (row: Row): TokenRecord => ({ ...row, scope: JSON.parse(row.scope) as string[] });

/** Tokens are 256 random bits, so a plain SHA-256 of them is enough at rest. */
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export class TokenStore {
  constructor(private readonly db: Connection) {}

  insert(token: string, record: Omit<TokenRecord, 'updatedAt'>): void {
    this.db
      .prepare(
        `INSERT INTO tokens (id, user_id, description, scope_json, hash, created_at, updated_at, expires_at)
         VALUES (@id, @userId, @description, @scope, @hash, @createdAt, @createdAt, @expiresAt)`,
      )
      .run({ ...record, scope: JSON.stringify(record.scope), hash: hashOf(token) });
  }

  /** The token's record, unless it is unknown, revoked or expired. */
  findValid(token: string, now: number): TokenRecord | undefined {
    const row = this.db
      .prepare<[string, number], Row>(
        `SELECT ${COLUMNS} FROM tokens WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)`,
      )
      .get(hashOf(token), now);
    return row && toRecord(row);
  }

  byId(id: string): TokenRecord | undefined {
    const row = this.db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM tokens WHERE id = ?`).get(id);
    return row && toRecord(row);
  }

  /** The oldest first. */
  list(): TokenRecord[] {
    return this.db
      .prepare<[], Row>(`SELECT ${COLUMNS} FROM tokens ORDER BY created_at, rowid`)
      .all()
      .map(toRecord);
  }

  describe(id: string, description: string, now: number): void {
    this.db
      .prepare('UPDATE tokens SET description = ?, updated_at = ? WHERE id = ?')
      .run(description, now, id);
  }

  /** From now on it is this text that is good, and no longer the one before. */
  replace(id: string, token: string, now: number): void {
    this.db.prepare('UPDATE tokens SET hash = ?, updated_at = ? WHERE id = ?').run(hashOf(token), now, id);
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM tokens WHERE id = ?').run(id);
  }
}
