import { nextTransfer } from './backups.js';
import type { Connection } from './database.js';

export interface RestoreRecord {
  readonly id: string;
  readonly appId: string;
  /** `r008` is number 8. */
  readonly number: number;
  readonly backupNumber: number;
  /** Whose data is replaced. */
  readonly addonId: string;
  readonly addonName: string;
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed';
  readonly reason: string | null;
  readonly actor: string;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export type NewRestore = Omit<RestoreRecord, 'number' | 'state' | 'reason' | 'finishedAt'>;

const SELECT = `SELECT id, app_id AS appId, number, backup_number AS backupNumber, addon_id AS addonId, addon_name AS addonName,
  state, reason, actor, created_at AS createdAt, finished_at AS finishedAt FROM restores`;

export class RestoreStore {
  constructor(private readonly db: Connection) {}

  /** Call it in a transaction with what belongs to it. */
  insert(restore: NewRestore): void {
    this.db
      .prepare(
        `INSERT INTO restores (id, app_id, number, backup_number, addon_id, addon_name, state, actor, created_at)
         VALUES (@id, @appId, @number, @backupNumber, @addonId, @addonName, 'pending', @actor, @createdAt)`,
      )
      .run({ ...restore, number: nextTransfer(this.db, restore.appId) });
  }

  begin(id: string): void {
    this.db.prepare(`UPDATE restores SET state = 'running' WHERE id = ?`).run(id);
  }

  end(id: string, state: 'succeeded' | 'failed', reason: string | null, now: number): void {
    this.db
      .prepare('UPDATE restores SET state = ?, reason = ?, finished_at = ? WHERE id = ?')
      .run(state, reason, now, id);
  }

  find(id: string): RestoreRecord | undefined {
    return this.db.prepare<[string], RestoreRecord>(`${SELECT} WHERE id = ?`).get(id);
  }

  /** Newest first. */
  list(appId: string): RestoreRecord[] {
    return this.db
      .prepare<[string], RestoreRecord>(`${SELECT} WHERE app_id = ? ORDER BY number DESC`)
      .all(appId);
  }

  /** All that were ever restored, or were to be. */
  addonIds(): string[] {
    return this.db.prepare<[], string>('SELECT DISTINCT addon_id FROM restores').pluck().all();
  }

  unfinished(): RestoreRecord[] {
    return this.db
      .prepare<[], RestoreRecord>(`${SELECT} WHERE state IN ('pending', 'running') ORDER BY created_at`)
      .all();
  }
}
