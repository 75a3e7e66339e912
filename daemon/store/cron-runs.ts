import type { Connection } from './database.js';

/**
 * `waiting` (claimed, its dyno not begun) → `running` → `succeeded`, `failed` or `stopped`; or `skipped`, from the start or from
 * waiting.
 */
export type CronRunStatus = 'waiting' | 'running' | 'succeeded' | 'failed' | 'stopped' | 'skipped';

export interface CronRunRecord {
  readonly id: string;
  readonly appId: string;
  readonly jobId: string;
  readonly command: string;
  /** The time of the schedule; null: a user asked for it. */
  readonly scheduledAt: number | null;
  readonly status: CronRunStatus;
  /** Its dyno, once there is one. */
  readonly instance: string | null;
  /** `scheduler.4711` */
  readonly dyno: string | null;
  readonly releaseVersion: number | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  /** In a user's words, why it ended as it did. */
  readonly reason: string | null;
}

export type NewCronRun = Pick<
  CronRunRecord,
  'id' | 'appId' | 'jobId' | 'command' | 'scheduledAt' | 'createdAt'
>;
type Started = Required<Pick<CronRunRecord, 'instance' | 'dyno' | 'releaseVersion' | 'startedAt'>>;
export type CronRunEnd = Pick<CronRunRecord, 'exitCode' | 'reason'> & {
  readonly status: Exclude<CronRunStatus, 'waiting' | 'running'>;
  readonly endedAt: number;
};

/** How much history is kept: of a job, of what ran and of what was skipped each, and of all jobs that an app ever had. */
const RUNS_OF_A_JOB = 50;
const RUNS_OF_AN_APP = 1000;

const SELECT = `SELECT id, app_id AS appId, job_id AS jobId, command, scheduled_at AS scheduledAt, status, instance, dyno,
  release_version AS releaseVersion, created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt,
  exit_code AS exitCode, reason FROM cron_runs`;
const NEWEST_FIRST = 'ORDER BY created_at DESC, rowid DESC';
const IS_OPEN = `status IN ('waiting', 'running')`;

export class CronRunStore {
  constructor(private readonly db: Connection) {}

  /** Claims the time; false where it was claimed before. */
  insert(run: NewCronRun): boolean {
    const { changes } = this.db
      .prepare(
        `INSERT INTO cron_runs (id, app_id, job_id, command, scheduled_at, status, created_at)
         VALUES (@id, @appId, @jobId, @command, @scheduledAt, 'waiting', @createdAt)
         ON CONFLICT (app_id, job_id, scheduled_at) DO NOTHING`,
      )
      .run(run);
    return changes === 1;
  }

  start(id: string, started: Started): void {
    this.db
      .prepare(
        `UPDATE cron_runs SET status = 'running', instance = @instance, dyno = @dyno, release_version = @releaseVersion,
          started_at = @startedAt WHERE id = @id`,
      )
      .run({ ...started, id });
  }

  /** Ends a run, and forgets the oldest ones behind it. An end is final. */
  end(id: string, end: CronRunEnd): void {
    this.db
      .prepare(
        `UPDATE cron_runs SET status = @status, ended_at = @endedAt, exit_code = @exitCode, reason = @reason
         WHERE id = @id AND ${IS_OPEN}`,
      )
      .run({ ...end, id });
    const run = this.find(id);
    if (run) this.prune(run);
  }

  find(id: string): CronRunRecord | undefined {
    return this.db.prepare<[string], CronRunRecord>(`${SELECT} WHERE id = ?`).get(id);
  }

  /** Those that wait or run, the oldest first. */
  open(appId: string): CronRunRecord[] {
    return this.db
      .prepare<[string], CronRunRecord>(
        `${SELECT} WHERE app_id = ? AND ${IS_OPEN} ORDER BY created_at, rowid`,
      )
      .all(appId);
  }

  /** The newest first. */
  list(appId: string): CronRunRecord[] {
    return this.db.prepare<[string], CronRunRecord>(`${SELECT} WHERE app_id = ? ${NEWEST_FIRST}`).all(appId);
  }

  /** Whether the dyno's end is still to be noted. */
  isOpen(instance: string): boolean {
    return (
      this.db
        .prepare<[string]>(`SELECT 1 FROM cron_runs WHERE instance = ? AND status = 'running'`)
        .get(instance) !== undefined
    );
  }

  private prune({ appId, jobId }: CronRunRecord): void {
    // A job that is skipped each minute would soon have no other history.
    for (const kind of [`status = 'skipped'`, `status <> 'skipped'`])
      this.forgetBehind(`app_id = @appId AND job_id = @jobId AND ${kind}`, {
        appId,
        jobId,
        kept: RUNS_OF_A_JOB,
      });
    this.forgetBehind('app_id = @appId', { appId, kept: RUNS_OF_AN_APP });
  }

  private forgetBehind(whose: string, values: { appId: string; jobId?: string; kept: number }): void {
    this.db
      .prepare(
        `DELETE FROM cron_runs WHERE NOT (${IS_OPEN})
         AND rowid IN (SELECT rowid FROM cron_runs WHERE ${whose} ${NEWEST_FIRST} LIMIT -1 OFFSET @kept)`,
      )
      .run(values);
  }
}
