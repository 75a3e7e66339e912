import { createHash } from 'node:crypto';
import { newId } from '../shared/ids.js';
import type { Connection } from './database.js';

/** The one user of this home. */
export interface AccountRecord {
  readonly id: string;
  readonly email: string;
  readonly createdAt: number;
}

export interface TokenRecord {
  readonly id: string;
  readonly description: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** Tokens are 256 random bits, so a plain SHA-256 of them is enough at rest. */
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export class AccountStore {
  constructor(private readonly db: Connection) {}

  /** The account, made at the first call. */
  ensure(email: string, now: number): AccountRecord {
    const known = this.db
      .prepare<[], AccountRecord>('SELECT id, email, created_at AS createdAt FROM account')
      .get();
    if (known) return known;
    const account = { id: newId(), email, createdAt: now };
    this.db
      .prepare('INSERT INTO account (id, email, created_at) VALUES (@id, @email, @createdAt)')
      .run(account);
    return account;
  }

  addToken(token: string, record: TokenRecord): void {
    this.db
      .prepare(
        `INSERT INTO tokens (id, description, hash, created_at, expires_at) VALUES (@id, @description, @hash, @createdAt, @expiresAt)`,
      )
      .run({ ...record, hash: hashOf(token) });
  }

  /** The token's record, unless it is unknown, revoked or expired. */
  findToken(token: string, now: number): TokenRecord | undefined {
    return this.db
      .prepare<[string, number], TokenRecord>(
        `SELECT id, description, created_at AS createdAt, expires_at AS expiresAt FROM tokens
         WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)`,
      )
      .get(hashOf(token), now);
  }

  listTokens(): TokenRecord[] {
    return this.db
      .prepare<[], TokenRecord>(
        'SELECT id, description, created_at AS createdAt, expires_at AS expiresAt FROM tokens ORDER BY created_at, rowid',
      )
      .all();
  }

  /** Answers whether there was such a token. */
  revokeToken(id: string): boolean {
    return this.db.prepare('DELETE FROM tokens WHERE id = ?').run(id).changes === 1;
  }
}
