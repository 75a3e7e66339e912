import type { Changes } from './changes.js';
import type { Connection } from './database.js';

/** A user who may work on an app that is another's. */
export interface CollaboratorRecord {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = 'id, app_id AS appId, user_id AS userId, created_at AS createdAt, updated_at AS updatedAt';

export class CollaboratorStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(collaborator: Omit<CollaboratorRecord, 'updatedAt'>): void {
    this.changes.write('collaborator', collaborator.id, collaborator.appId, () =>
      this.db
        .prepare(
          `INSERT INTO collaborators (id, app_id, user_id, created_at, updated_at)
           VALUES (@id, @appId, @userId, @createdAt, @createdAt)`,
        )
        .run(collaborator),
    );
  }

  find(appId: string, userId: string): CollaboratorRecord | undefined {
    return this.db
      .prepare<[string, string], CollaboratorRecord>(
        `SELECT ${COLUMNS} FROM collaborators WHERE app_id = ? AND user_id = ?`,
      )
      .get(appId, userId);
  }

  list(appId: string): CollaboratorRecord[] {
    return this.db
      .prepare<[string], CollaboratorRecord>(
        `SELECT ${COLUMNS} FROM collaborators WHERE app_id = ? ORDER BY created_at, rowid`,
      )
      .all(appId);
  }

  delete({ id, appId }: Pick<CollaboratorRecord, 'id' | 'appId'>): void {
    this.changes.write('collaborator', id, appId, () =>
      this.db.prepare('DELETE FROM collaborators WHERE id = ?').run(id),
    );
  }
}
