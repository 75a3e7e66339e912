import type { Connection } from './database.js';

export interface BackupRecord {
  readonly id: string;
  /** The owner of the add-on. */
  readonly appId: string;
  /** `b007` is number 7; an app's backups and restores share their numbers. */
  readonly number: number;
  /** That add-on may be gone. */
  readonly addonId: string;
  readonly addonName: string;
  readonly origin: 'manual' | 'scheduled' | 'uploaded';
  /** `verified`: it was restored, and what came out was what went in. `unverified`: it is whole, and that was not tried. */
  readonly state: 'pending' | 'running' | 'verified' | 'unverified' | 'failed';
  /** Why it is not verified. */
  readonly reason: string | null;
  /** Of its file; null: there is none. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** What is in it, as its service counts; null: nobody has looked. */
  readonly content: unknown;
  readonly actor: string;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export type NewBackup = Pick<
  BackupRecord,
  'id' | 'appId' | 'addonId' | 'addonName' | 'origin' | 'actor' | 'createdAt'
>;
export type BackupEnd = Pick<BackupRecord, 'state' | 'reason' | 'bytes' | 'sha256' | 'content'>;

type Row = Omit<BackupRecord, 'content'> & { content: string | null };
const SELECT = `SELECT id, app_id AS appId, number, addon_id AS addonId, addon_name AS addonName, origin, state, reason, bytes, sha256,
  content_json AS content, actor, created_at AS createdAt, finished_at AS finishedAt FROM backups`;

export class BackupStore {
  constructor(private readonly db: Connection) {}

  /** Call it in a transaction with what belongs to it. */
  insert(backup: NewBackup): number {
    const number = nextTransfer(this.db, backup.appId);
    this.db
      .prepare(
        `INSERT INTO backups (id, app_id, number, addon_id, addon_name, origin, state, actor, created_at)
         VALUES (@id, @appId, @number, @addonId, @addonName, @origin, 'pending', @actor, @createdAt)`,
      )
      .run({ ...backup, number });
    return number;
  }

  begin(id: string): void {
    this.db.prepare(`UPDATE backups SET state = 'running' WHERE id = ?`).run(id);
  }

  end(id: string, { state, reason, bytes, sha256, content }: BackupEnd, now: number): void {
    this.db
      .prepare(
        'UPDATE backups SET state = ?, reason = ?, bytes = ?, sha256 = ?, content_json = ?, finished_at = ? WHERE id = ?',
      )
      .run(state, reason, bytes, sha256, content === null ? null : JSON.stringify(content), now, id);
  }

  find(id: string): BackupRecord | undefined {
    const row = this.db.prepare<[string], Row>(`${SELECT} WHERE id = ?`).get(id);
    return row && toRecord(row);
  }

  /** Newest first. */
  list(appId: string): BackupRecord[] {
    return this.many(`${SELECT} WHERE app_id = ? ORDER BY number DESC`, appId);
  }

  /** Newest first; of one that is gone too. */
  ofAddon(addonId: string): BackupRecord[] {
    return this.many(`${SELECT} WHERE addon_id = ? ORDER BY number DESC`, addonId);
  }

  /** All that were ever backed up, or were to be. */
  capturedAddonIds(): string[] {
    return this.db
      .prepare<[], string>(`SELECT DISTINCT addon_id FROM backups WHERE origin <> 'uploaded'`)
      .pluck()
      .all();
  }

  unfinished(): BackupRecord[] {
    return this.many(`${SELECT} WHERE state IN ('pending', 'running') ORDER BY created_at`);
  }

  delete(id: string): void {
    this.db.prepare('DELETE FROM backups WHERE id = ?').run(id);
  }

  private many(sql: string, ...values: unknown[]): BackupRecord[] {
    return this.db
      .prepare<unknown[], Row>(sql)
      .all(...values)
      .map(toRecord);
  }
}

const toRecord = (row: Row): BackupRecord => ({
  ...row,
  content: row.content === null ? null : (JSON.parse(row.content) as unknown),
});

/** Of an app's backups and restores together. */
export function nextTransfer(db: Connection, appId: string): number {
  const sql =
    'UPDATE apps SET last_transfer = last_transfer + 1 WHERE id = ? RETURNING last_transfer AS number';
  return db.prepare<[string], { number: number }>(sql).get(appId)?.number ?? 1;
}
