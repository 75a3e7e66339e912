import type { Changes } from './changes.js';
import type { Connection } from './database.js';

/** How many dynos of a process type, and of what size. */
export interface FormationRecord {
  readonly id: string;
  readonly appId: string;
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = `id, app_id AS appId, type, quantity, size, created_at AS createdAt, updated_at AS updatedAt`;

export class FormationStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  /** By type. */
  list(appId: string): FormationRecord[] {
    return this.db
      .prepare<[string], FormationRecord>(`SELECT ${COLUMNS} FROM formation WHERE app_id = ? ORDER BY type`)
      .all(appId);
  }

  put(entry: { id: string; appId: string; type: string; quantity: number; size: string; now: number }): void {
    this.changes.write('formation', entry.type, entry.appId, () =>
      this.db
        .prepare(
          `INSERT INTO formation (id, app_id, type, quantity, size, created_at, updated_at)
           VALUES (@id, @appId, @type, @quantity, @size, @now, @now)
           ON CONFLICT (app_id, type) DO UPDATE SET quantity = @quantity, size = @size, updated_at = @now`,
        )
        .run(entry),
    );
  }

  remove(appId: string, type: string): void {
    this.changes.write('formation', type, appId, () =>
      this.db.prepare('DELETE FROM formation WHERE app_id = ? AND type = ?').run(appId, type),
    );
  }
}
