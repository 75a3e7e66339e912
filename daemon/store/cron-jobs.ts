import type { Connection } from './database.js';

/** A scheduled job, as app.json of a slug has it. */
export interface CronJobRecord {
  /** Stays over deploys, as long as command, schedule and time zone do. */
  readonly id: string;
  readonly command: string;
  /** As the user wrote it. */
  readonly schedule: string;
  /** The same in five numeric fields. */
  readonly expression: string;
  readonly timezone: string;
  /** Whether it runs in maintenance mode too. */
  readonly maintenance: boolean;
  /** What becomes of a run while an earlier one of the job is under way. */
  readonly concurrencyPolicy: 'allow' | 'forbid' | 'replace';
  /** What runs longer is stopped. */
  readonly timeLimitMs: number;
}

/** What is remembered of a job of an app, whatever is deployed. */
export interface CronJobState {
  readonly jobId: string;
  /**
   * Its times up to this moment are dealt with; null while none counts: it is suspended, cannot be read, or the current release has
   * no such job.
   */
  readonly settledUntil: number | null;
  readonly suspendedAt: number | null;
}

/** What a slug of an earlier tfk does not say: a run may take as long as any one-off dyno. */
const OF_EARLIER = { timeLimitMs: 24 * 60 * 60_000 };

export class CronJobStore {
  constructor(private readonly db: Connection) {}

  /** The jobs of a slug; written again by a later push of the same source. */
  putOfSlug(slugId: string, jobs: readonly CronJobRecord[]): void {
    this.db
      .prepare('INSERT OR REPLACE INTO slug_cron (slug_id, jobs_json) VALUES (?, ?)')
      .run(slugId, JSON.stringify(jobs));
  }

  ofSlug(slugId: string): CronJobRecord[] {
    const row = this.db
      .prepare<[string], { jobs: string }>('SELECT jobs_json AS jobs FROM slug_cron WHERE slug_id = ?')
      .get(slugId);
    const jobs = row ? (JSON.parse(row.jobs) as CronJobRecord[]) : [];
    return jobs.map((job) => ({ ...OF_EARLIER, ...job }));
  }

  /** Of the release that is current; none without code. */
  current(appId: string): CronJobRecord[] {
    const row = this.db
      .prepare<[string], { slugId: string | null }>(
        `SELECT r.slug_id AS slugId FROM apps a JOIN releases r ON r.id = a.current_release_id
         WHERE a.id = ? AND a.destroyed_at IS NULL`,
      )
      .get(appId);
    return row?.slugId == null ? [] : this.ofSlug(row.slugId);
  }

  states(appId: string): CronJobState[] {
    return this.db
      .prepare<[string], CronJobState>(
        `SELECT job_id AS jobId, settled_until AS settledUntil, suspended_at AS suspendedAt FROM cron_jobs WHERE app_id = ?`,
      )
      .all(appId);
  }

  settle(appId: string, jobId: string, until: number): void {
    this.db
      .prepare(
        `INSERT INTO cron_jobs (app_id, job_id, settled_until) VALUES (?, ?, ?)
         ON CONFLICT (app_id, job_id) DO UPDATE SET settled_until = excluded.settled_until`,
      )
      .run(appId, jobId, until);
  }

  suspend(appId: string, jobId: string, at: number): void {
    this.put({ appId, jobId, suspendedAt: at, settledUntil: null });
  }

  /** Times that went by meanwhile are not made up for. */
  resume(appId: string, jobId: string, now: number): void {
    this.put({ appId, jobId, suspendedAt: null, settledUntil: now });
  }

  /** Its times cannot be told now. */
  setAside(appId: string, jobId: string): void {
    this.put({ appId, jobId, suspendedAt: null, settledUntil: null });
  }

  private put(row: CronJobState & { readonly appId: string }): void {
    this.db
      .prepare(
        `INSERT OR REPLACE INTO cron_jobs (app_id, job_id, settled_until, suspended_at)
         VALUES (@appId, @jobId, @settledUntil, @suspendedAt)`,
      )
      .run(row);
  }

  /** The current release has no such job. That it is suspended is kept, for a release which has it again. */
  forget(appId: string, jobId: string): void {
    const of = { appId, jobId };
    this.db
      .prepare('DELETE FROM cron_jobs WHERE app_id = @appId AND job_id = @jobId AND suspended_at IS NULL')
      .run(of);
    this.db
      .prepare('UPDATE cron_jobs SET settled_until = NULL WHERE app_id = @appId AND job_id = @jobId')
      .run(of);
  }
}
