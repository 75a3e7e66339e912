import { newId } from '../shared/ids.js';
import type { Connection } from './database.js';

/** Somebody with an e-mail address: the account itself, or whom it has let in. */
export interface UserRecord {
  readonly id: string;
  readonly email: string;
  readonly createdAt: number;
}

const COLUMNS = 'id, email, created_at AS createdAt';

export class UserStore {
  constructor(private readonly db: Connection) {}

  /** By id, or by e-mail address in any case. */
  find(idOrEmail: string): UserRecord | undefined {
    return this.db
      .prepare<[string, string], UserRecord>(`SELECT ${COLUMNS} FROM users WHERE id = ? OR email = ?`)
      .get(idOrEmail, idOrEmail);
  }

  list(): UserRecord[] {
    return this.db.prepare<[], UserRecord>(`SELECT ${COLUMNS} FROM users ORDER BY created_at, rowid`).all();
  }

  /** The user of this address, made at the first call. */
  ensure(email: string, now: number): UserRecord {
    const known = this.find(email);
    if (known) return known;
    const user = { id: newId(), email, createdAt: now };
    this.db.prepare('INSERT INTO users (id, email, created_at) VALUES (@id, @email, @createdAt)').run(user);
    return user;
  }
}
