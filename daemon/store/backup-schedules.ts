import type { Connection } from './database.js';

/** When an add-on is backed up by itself, once a day. */
export interface BackupScheduleRecord {
  readonly id: string;
  readonly addonId: string;
  readonly hour: number;
  readonly minute: number;
  /** `Europe/Berlin` */
  readonly timeZone: string;
  /** When it is next due; a time that has passed is made up for, once. */
  readonly nextAt: number;
  readonly createdAt: number;
}

const SELECT = `SELECT id, addon_id AS addonId, hour, minute, time_zone AS timeZone, next_at AS nextAt, created_at AS createdAt
  FROM backup_schedules`;

export class BackupScheduleStore {
  constructor(private readonly db: Connection) {}

  /** In place of the one that the add-on has. */
  put(schedule: BackupScheduleRecord): void {
    this.db
      .prepare(
        `INSERT OR REPLACE INTO backup_schedules (id, addon_id, hour, minute, time_zone, next_at, created_at)
         VALUES (@id, @addonId, @hour, @minute, @timeZone, @nextAt, @createdAt)`,
      )
      .run(schedule);
  }

  setNext(addonId: string, nextAt: number): void {
    this.db.prepare('UPDATE backup_schedules SET next_at = ? WHERE addon_id = ?').run(nextAt, addonId);
  }

  of(addonId: string): BackupScheduleRecord | undefined {
    return this.db.prepare<[string], BackupScheduleRecord>(`${SELECT} WHERE addon_id = ?`).get(addonId);
  }

  due(now: number): BackupScheduleRecord[] {
    return this.db
      .prepare<[number], BackupScheduleRecord>(`${SELECT} WHERE next_at <= ? ORDER BY next_at`)
      .all(now);
  }

  dueAfter(moment: number): BackupScheduleRecord[] {
    return this.db.prepare<[number], BackupScheduleRecord>(`${SELECT} WHERE next_at > ?`).all(moment);
  }

  delete(addonId: string): void {
    this.db.prepare('DELETE FROM backup_schedules WHERE addon_id = ?').run(addonId);
  }
}
