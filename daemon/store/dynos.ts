import type { Changes } from './changes.js';
import type { Connection } from './database.js';

/**
 * A dyno's life, changed only by the reconciler's executors:
 * `starting` (process started or about to) → `up` (ready) → `draining` (web: gets no new request) → `stopping` (SIGTERM sent)
 * → gone; or → `crashed` (waits for its next start) from starting or up. A one-off ends in `complete`.
 */
export type DynoState = 'starting' | 'up' | 'draining' | 'stopping' | 'crashed' | 'complete';

export interface DynoRecord {
  /** One start of one dyno; the engine's label. */
  readonly instance: string;
  readonly appId: string;
  /** `web.1`, `run.4711`, `release.3` */
  readonly name: string;
  readonly type: string;
  readonly kind: 'formation' | 'one-off' | 'release';
  readonly releaseId: string;
  readonly releaseVersion: number;
  readonly command: string;
  readonly size: string;
  readonly state: DynoState;
  /** The engine's handle; null until the start has succeeded. */
  readonly handle: unknown;
  readonly attached: boolean;
  /** How often this slot was restarted after a crash, in a row. */
  readonly attempt: number;
  readonly createdAt: number;
  /** Since when it is in its state. */
  readonly stateSince: number;
  readonly readyAt: number | null;
  /** For a crashed dyno: when it is started again. */
  readonly nextStartAt: number | null;
  /** One-offs: killed after that long. */
  readonly timeLimitMs: number | null;
  /** Why it is being stopped: a new release, a scale, a restart, a stop. */
  readonly stopReason: string | null;
  readonly exitCode: number | null;
  readonly exitedAt: number | null;
  /** In a user's words, why it is as it is. */
  readonly message: string | null;
}

type Row = Omit<DynoRecord, 'handle' | 'attached'> & { handle: string | null; attached: number };
const COLUMNS = `instance, app_id AS appId, name, type, kind, release_id AS releaseId, release_version AS releaseVersion,
  command, size, state, handle_json AS handle, attached, attempt, created_at AS createdAt, state_since AS stateSince,
  ready_at AS readyAt, next_start_at AS nextStartAt, time_limit_ms AS timeLimitMs, stop_reason AS stopReason,
  exit_code AS exitCode, exited_at AS exitedAt, message`;
const toRecord = (row: Row): DynoRecord => ({
  ...row,
  attached: row.attached === 1,
  handle: row.handle === null ? null : (JSON.parse(row.handle) as unknown),
});

export type NewDyno = Pick<
  DynoRecord,
  | 'instance'
  | 'appId'
  | 'name'
  | 'type'
  | 'kind'
  | 'releaseId'
  | 'releaseVersion'
  | 'command'
  | 'size'
  | 'attached'
  | 'attempt'
  | 'createdAt'
  | 'timeLimitMs'
>;

/** What an executor may change. */
export type DynoChange = Partial<
  Pick<
    DynoRecord,
    | 'attempt'
    | 'state'
    | 'stateSince'
    | 'readyAt'
    | 'nextStartAt'
    | 'stopReason'
    | 'exitCode'
    | 'exitedAt'
    | 'message'
    | 'handle'
  >
>;

const COLUMN_OF: Record<keyof DynoChange, string> = {
  state: 'state',
  stateSince: 'state_since',
  attempt: 'attempt',
  readyAt: 'ready_at',
  nextStartAt: 'next_start_at',
  stopReason: 'stop_reason',
  exitCode: 'exit_code',
  exitedAt: 'exited_at',
  message: 'message',
  handle: 'handle_json',
};

export class DynoStore {
  constructor(
    private readonly db: Connection,
    private readonly changes: Changes,
  ) {}

  insert(dyno: NewDyno): void {
    this.changes.write('dyno', dyno.instance, dyno.appId, () => this.insertRow(dyno));
  }

  private insertRow(dyno: NewDyno): void {
    this.db
      .prepare(
        `INSERT INTO dynos (instance, app_id, name, type, kind, release_id, release_version, command, size, state, attached,
          attempt, created_at, state_since, time_limit_ms)
         VALUES (@instance, @appId, @name, @type, @kind, @releaseId, @releaseVersion, @command, @size, 'starting', @attached,
          @attempt, @createdAt, @createdAt, @timeLimitMs)`,
      )
      .run({ ...dyno, attached: dyno.attached ? 1 : 0 });
  }

  update(instance: string, change: DynoChange): void {
    const keys = Object.keys(change) as (keyof DynoChange)[];
    if (keys.length === 0) return;
    const assignments = keys.map((key) => `${COLUMN_OF[key]} = @${key}`).join(', ');
    const values = {
      ...change,
      ...(change.handle === undefined ? {} : { handle: JSON.stringify(change.handle) }),
    };
    this.write(instance, () =>
      this.db
        .prepare(`UPDATE dynos SET ${assignments} WHERE instance = @instance`)
        .run({ ...values, instance }),
    );
  }

  delete(instance: string): void {
    this.write(instance, () => this.db.prepare('DELETE FROM dynos WHERE instance = ?').run(instance));
  }

  private write(instance: string, work: () => unknown): void {
    this.changes.write('dyno', instance, () => this.find(instance)?.appId, work);
  }

  find(instance: string): DynoRecord | undefined {
    const row = this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM dynos WHERE instance = ?`)
      .get(instance);
    return row && toRecord(row);
  }

  list(appId: string): DynoRecord[] {
    return this.db
      .prepare<[string], Row>(`SELECT ${COLUMNS} FROM dynos WHERE app_id = ? ORDER BY created_at, rowid`)
      .all(appId)
      .map(toRecord);
  }

  all(): DynoRecord[] {
    return this.db
      .prepare<[], Row>(`SELECT ${COLUMNS} FROM dynos ORDER BY created_at, rowid`)
      .all()
      .map(toRecord);
  }
}
