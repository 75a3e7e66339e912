import type { Connection } from './database.js';
import type { SecretBox } from './secret-box.js';

/** A receiver of all of an app's log lines. */
export interface LogDrainRecord {
  readonly id: string;
  readonly appId: string;
  /** `d.<uuid>`: by this name the receiver knows where lines come from. */
  readonly token: string;
  /** As it was given; it may hold a password. */
  readonly url: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

type Row = Omit<LogDrainRecord, 'url'> & { readonly sealed: Buffer };
const COLUMNS =
  'id, app_id AS appId, token, url_sealed AS sealed, created_at AS createdAt, updated_at AS updatedAt';
const context = (drainId: string): string => `log-drain:${drainId}:url`;

export class LogDrainStore {
  constructor(
    private readonly db: Connection,
    private readonly box: SecretBox,
  ) {}

  insert({ url, ...drain }: Omit<LogDrainRecord, 'updatedAt'>): void {
    this.db
      .prepare(
        `INSERT INTO log_drains (id, app_id, token, url_sealed, created_at, updated_at)
         VALUES (@id, @appId, @token, @sealed, @createdAt, @createdAt)`,
      )
      .run({ ...drain, sealed: this.box.seal(url, context(drain.id)) });
  }

  /** The oldest first. */
  list(appId: string): LogDrainRecord[] {
    return this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM log_drains WHERE app_id = ? ORDER BY created_at, id`)
      .all(appId)
      .map((row) => this.toRecord(row));
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM log_drains WHERE id = ?').run(id);
  }

  private toRecord({ sealed, ...row }: Row): LogDrainRecord {
    return { ...row, url: this.box.open(sealed, context(row.id)) };
  }
}
