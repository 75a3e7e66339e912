import type { Changes } from './changes.js';
import type { Connection } from './database.js';

export interface AppRecord {
  readonly id: string;
  /** Small, never reused. */
  readonly number: number;
  readonly name: string;
  /** The engine that builds it; a slug runs on the engine that built it. */
  readonly engine: string;
  /** That the user has set; null: the source says what it is built as. */
  readonly buildStack: 'heroku-24' | 'container' | null;
  readonly maintenance: boolean;
  /** Are the certificates of its domains made and renewed by themselves? */
  readonly acm: boolean;
  /** Are its old web dynos kept until new ones are ready? */
  readonly preboot: boolean;
  /** When that was last turned on or off; null: never. */
  readonly prebootSetAt: number | null;
  /** Null: the account's. */
  readonly ownerId: string | null;
  readonly currentReleaseId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly releasedAt: number | null;
  /** Set while the app is being taken down. */
  readonly destroyedAt: number | null;
}

type Flag = 'maintenance' | 'acm' | 'preboot';
type Row = Omit<AppRecord, Flag> & Record<Flag, number>;
const COLUMNS = `id, number, name, engine, build_stack AS buildStack, maintenance, acm, preboot, preboot_set_at AS prebootSetAt, owner_id AS ownerId, current_release_id AS currentReleaseId, created_at AS createdAt,
  updated_at AS updatedAt, released_at AS releasedAt, destroyed_at AS destroyedAt`;
const toRecord = (row: Row): AppRecord => ({
  ...row,
  maintenance: row.maintenance === 1,
  acm: row.acm === 1,
  preboot: row.preboot === 1,
});

export class AppStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(app: {
    id: string;
    name: string;
    engine: string;
    ownerId?: string | null;
    createdAt: number;
  }): void {
    this.db
      .prepare(
        'INSERT INTO apps (id, name, engine, owner_id, created_at, updated_at) VALUES (@id, @name, @engine, @ownerId, @createdAt, @createdAt)',
      )
      .run({ ownerId: null, ...app });
  }

  /** By id or name; also one that is being destroyed. */
  find(idOrName: string): AppRecord | undefined {
    const row = this.db
      .prepare<[string, string], Row>(`SELECT ${COLUMNS} FROM apps WHERE id = ? OR name = ?`)
      .get(idOrName, idOrName);
    return row && toRecord(row);
  }

  /** By name; those being destroyed included. */
  list(): AppRecord[] {
    return this.db.prepare<[], Row>(`SELECT ${COLUMNS} FROM apps ORDER BY name`).all().map(toRecord);
  }

  rename(id: string, name: string, now: number): void {
    this.changes.write('app', id, id, () =>
      this.db.prepare('UPDATE apps SET name = ?, updated_at = ? WHERE id = ?').run(name, now, id),
    );
  }

  setBuildStack(id: string, stack: NonNullable<AppRecord['buildStack']>, now: number): void {
    const statement = this.db.prepare('UPDATE apps SET build_stack = ?, updated_at = ? WHERE id = ?');
    this.changes.write('app', id, id, () => statement.run(stack, now, id));
  }

  setEngine(id: string, engine: string, now: number): void {
    this.db.prepare('UPDATE apps SET engine = ?, updated_at = ? WHERE id = ?').run(engine, now, id);
  }

  setMaintenance(id: string, maintenance: boolean, now: number): void {
    this.changes.write('app', id, id, () =>
      this.db
        .prepare('UPDATE apps SET maintenance = ?, updated_at = ? WHERE id = ?')
        .run(maintenance ? 1 : 0, now, id),
    );
  }

  setAcm(id: string, acm: boolean, now: number): void {
    this.changes.write('app', id, id, () =>
      this.db.prepare('UPDATE apps SET acm = ?, updated_at = ? WHERE id = ?').run(acm ? 1 : 0, now, id),
    );
  }

  /** Nothing that the API shows of the app itself: its features are resources of their own. */
  setPreboot(id: string, preboot: boolean, now: number): void {
    this.db
      .prepare('UPDATE apps SET preboot = ?, preboot_set_at = ? WHERE id = ?')
      .run(preboot ? 1 : 0, now, id);
  }

  setCurrentRelease(id: string, releaseId: string, now: number): void {
    const write = () =>
      this.db
        .prepare('UPDATE apps SET current_release_id = ?, released_at = ?, updated_at = ? WHERE id = ?')
        .run(releaseId, now, now, id);
    // Being the current one is a property of the release too.
    this.changes.write('release', releaseId, id, () => this.changes.write('app', id, id, write));
  }

  markDestroyed(id: string, now: number): void {
    this.changes.write('app', id, id, () =>
      this.db.prepare('UPDATE apps SET destroyed_at = ? WHERE id = ? AND destroyed_at IS NULL').run(now, id),
    );
  }

  /** Removes a destroyed app with all its rows. */
  delete(id: string): void {
    this.db.prepare('UPDATE builds SET slug_id = NULL, release_id = NULL WHERE app_id = ?').run(id);
    this.db.prepare('DELETE FROM releases WHERE app_id = ?').run(id);
    this.db.prepare('DELETE FROM apps WHERE id = ? AND destroyed_at IS NOT NULL').run(id);
  }
}
