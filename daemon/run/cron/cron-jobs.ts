import type { Clock } from '../../shared/clock.js';
import { notFound, TfkError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { nextTime, problemOf } from '../../shared/schedules.js';
import type { AppRecord } from '../../store/apps.js';
import type { CronJobRecord } from '../../store/cron-jobs.js';
import type { CronRunRecord } from '../../store/cron-runs.js';
import type { Store } from '../../store/store.js';

/** A job of the current release, as users see it. */
export interface ScheduledJob extends CronJobRecord {
  readonly suspendedAt: number | null;
  /** Why its times cannot be told, in a sentence; null: they can. */
  readonly problem: string | null;
  /** Null while it is suspended, or has a problem, and where no time is to come. */
  readonly nextRunAt: number | null;
  /** The newest that was not skipped, or of none the newest. */
  readonly lastRun: CronRunRecord | null;
}

/** What users do with scheduled jobs. */
export class CronJobs {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    /** Wakes the loop. */
    private readonly wake: (appId: string) => void,
  ) {}

  /** In the order of app.json. */
  list(app: AppRecord): ScheduledJob[] {
    const states = this.store.cronJobs.states(app.id);
    const runs = this.store.cronRuns.list(app.id);
    return this.store.cronJobs.current(app.id).map((job) => {
      const state = states.find(({ jobId }) => jobId === job.id);
      const suspendedAt = state?.suspendedAt ?? null;
      const own = runs.filter(({ jobId }) => jobId === job.id);
      const problem = problemOf(job);
      const since = Math.max(this.clock.now(), state?.settledUntil ?? 0);
      return {
        ...job,
        suspendedAt,
        problem,
        nextRunAt: suspendedAt === null && problem === null ? nextTime(job, since) : null,
        lastRun: own.find(({ status }) => status !== 'skipped') ?? own[0] ?? null,
      };
    });
  }

  find(app: AppRecord, jobId: string): ScheduledJob {
    const jobs = this.list(app);
    const job = jobs.find(({ id }) => id === jobId);
    if (job) return job;
    throw notFound(
      'cron_job',
      `The current release of ${app.name} has no scheduled job ${JSON.stringify(jobId.slice(0, 80))}.`,
      jobs.length === 0
        ? 'It has none: "cron" in app.json lists them.'
        : `It has ${jobs.map(({ id }) => id).join(', ')}. Type: tfk cron -a ${app.name}`,
    );
  }

  /** Of one job, also of one that is not deployed any more, or of all; the newest first. */
  runs(app: AppRecord, jobId: string | null): CronRunRecord[] {
    const runs = this.store.cronRuns.list(app.id);
    if (jobId === null) return runs;
    const own = runs.filter((run) => run.jobId === jobId);
    // Says which there are, where there is neither a run nor a job.
    if (own.length === 0) this.find(app, jobId);
    return own;
  }

  findRun(app: AppRecord, runId: string): CronRunRecord {
    const run = this.store.cronRuns.find(runId);
    if (run?.appId === app.id) return run;
    throw notFound('cron_run', `${app.name} has no such run.`, `Type: tfk cron:history -a ${app.name}`);
  }

  /** Runs the job now, whatever its schedule says, also suspended and in maintenance mode: a user asks for it. */
  run(app: AppRecord, jobId: string): CronRunRecord {
    const job = this.find(app, jobId);
    const run = this.store.transaction(() => {
      this.refuseAnother(app, job);
      const id = newId();
      const { command } = job;
      this.store.cronRuns.insert({
        ...{ id, appId: app.id, jobId, command },
        scheduledAt: null,
        createdAt: this.clock.now(),
      });
      return this.findRun(app, id);
    });
    this.wake(app.id);
    return run;
  }

  /** Until it is resumed its times pass without a run. */
  suspend(app: AppRecord, jobId: string): ScheduledJob {
    const job = this.find(app, jobId);
    if (job.suspendedAt !== null) return job;
    this.store.cronJobs.suspend(app.id, jobId, this.clock.now());
    return this.changed(app, jobId);
  }

  /** Its next time is run again; those that passed are not made up for. */
  resume(app: AppRecord, jobId: string): ScheduledJob {
    const job = this.find(app, jobId);
    if (job.suspendedAt === null) return job;
    this.store.cronJobs.resume(app.id, jobId, this.clock.now());
    return this.changed(app, jobId);
  }

  private changed(app: AppRecord, jobId: string): ScheduledJob {
    this.wake(app.id);
    return this.find(app, jobId);
  }

  private refuseAnother(app: AppRecord, job: CronJobRecord): void {
    const open = this.store.cronRuns.open(app.id).filter(({ jobId }) => jobId === job.id);
    const waiting = open.find(({ status }) => status === 'waiting');
    if (waiting && job.concurrencyPolicy !== 'replace')
      throw new TfkError('conflict', 'A run of this job waits for its turn already. Nothing was started.', {
        hint: `Type: tfk cron:history ${job.id} -a ${app.name}`,
      });
    if (job.concurrencyPolicy !== 'forbid' || open.length === 0) return;
    const dyno = open[0]?.dyno ?? '';
    throw new TfkError(
      'conflict',
      `${dyno} of this job is still running, and app.json forbids two at once. Nothing was started.`,
      {
        hint: `Wait for it: tfk logs --tail --dyno-name ${dyno} -a ${app.name}. Or end it: tfk ps:stop ${dyno} -a ${app.name}`,
      },
    );
  }
}
