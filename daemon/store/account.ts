import type { Connection } from './database.js';
import { UserStore, type UserRecord } from './users.js';

/** The user to whom this home belongs. */
export class AccountStore {
  private readonly users: UserStore;

  constructor(private readonly db: Connection) {
    this.users = new UserStore(db);
  }

  /** The account, made at the first call. */
  ensure(email: string, now: number): UserRecord {
    return this.db.transaction(() => this.find() ?? this.make(email, now)).immediate();
  }

  private find(): UserRecord | undefined {
    return this.db.prepare<[], UserRecord>('SELECT id, email, created_at AS createdAt FROM account').get();
  }

  private make(email: string, now: number): UserRecord {
    const account = this.users.ensure(email, now);
    this.db
      .prepare('INSERT INTO account (id, email, created_at) VALUES (@id, @email, @createdAt)')
      .run(account);
    return account;
  }
}
