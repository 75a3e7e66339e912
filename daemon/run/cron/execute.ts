import { randomInt } from 'node:crypto';
import type { Logs } from '../../logs/entry.js';
import { jobSetAside, platformLine, runSkipped } from '../../logs/platform.js';
import type { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import type { CronRunRecord } from '../../store/cron-runs.js';
import type { DynoRecord } from '../../store/dynos.js';
import type { Store } from '../../store/store.js';
import { commandOf } from '../command-of.js';
import type { CronAction, CronStep, CronStepOf } from './steps.js';

export interface CronExecuteDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logs: Logs;
  /** Wakes the reconciler, which launches, stops and forgets dynos. */
  readonly notify: (appId: string) => void;
}

/** The process type that dynos of scheduled jobs count as; their names are `scheduler.4711`, as on Heroku. */
export const SCHEDULER = 'scheduler';

/** Does the steps of an app. Each is one transaction, so that tfkd may die between any two. */
export class CronExecutor {
  private readonly executors: { readonly [A in CronAction]: (appId: string, step: CronStepOf<A>) => void } = {
    settle: (appId, { jobId, until }) => this.deps.store.cronJobs.settle(appId, jobId, until),
    forget: (appId, { jobId }) => this.deps.store.cronJobs.forget(appId, jobId),
    'set-aside': (appId, step) => this.setAside(appId, step),
    claim: (appId, step) => void this.claim(appId, step),
    skip: (appId, step) => this.skip(appId, step),
    drop: (_, { run, reason }) => this.noteSkipped(run, reason),
    start: (_, step) => this.start(step),
    stop: (_, { dyno, reason }) => this.stop(dyno, reason),
    end: (_, step) => this.end(step),
  };

  constructor(private readonly deps: CronExecuteDependencies) {}

  execute(appId: string, step: CronStep): void {
    const executor = this.executors[step.action] as (appId: string, step: CronStep) => void;
    this.deps.store.transaction(() => executor(appId, step));
  }

  /** Should it be readable again, what it missed meanwhile is not made up for. */
  private setAside(appId: string, { job, reason }: CronStepOf<'set-aside'>): void {
    this.deps.store.cronJobs.setAside(appId, job.id);
    this.deps.logs.append(appId, [platformLine(SCHEDULER, jobSetAside(job.command, reason))]);
  }

  /** Null where the time was claimed before: a clock that was set back comes to it twice. */
  private claim(
    appId: string,
    { job, scheduledAt, until }: Pick<CronStepOf<'claim'>, 'job' | 'scheduledAt' | 'until'>,
  ): CronRunRecord | null {
    const { store, clock } = this.deps;
    const run = {
      id: newId(),
      appId,
      jobId: job.id,
      command: job.command,
      scheduledAt,
      createdAt: clock.now(),
    };
    store.cronJobs.settle(appId, job.id, until);
    return store.cronRuns.insert(run) ? (store.cronRuns.find(run.id) ?? null) : null;
  }

  private skip(appId: string, step: CronStepOf<'skip'>): void {
    const run = this.claim(appId, step);
    if (run) this.noteSkipped(run, step.reason);
  }

  private noteSkipped(run: CronRunRecord, reason: string): void {
    const endedAt = this.deps.clock.now();
    this.deps.store.cronRuns.end(run.id, { status: 'skipped', endedAt, exitCode: null, reason });
    this.deps.logs.append(run.appId, [platformLine(SCHEDULER, runSkipped(run.command, reason))]);
  }

  /** Its dyno has a row with the run, or neither: the reconciler launches what has one, and no more than once. */
  private start({ run, job }: CronStepOf<'start'>): void {
    const { store, clock, notify } = this.deps;
    const release = store.releases.current(run.appId);
    const isStill = store.cronJobs.current(run.appId).some(({ id }) => id === job.id);
    if (!release || !isStill || store.cronRuns.find(run.id)?.status !== 'waiting') return;
    const [instance, name, startedAt] = [newId(), this.freeName(run.appId), clock.now()];
    store.dynos.insert({
      instance,
      appId: run.appId,
      name,
      type: SCHEDULER,
      kind: 'release',
      releaseId: release.id,
      releaseVersion: release.version,
      command: commandOf(job.command, release.processTypes),
      size: 'Standard-1X',
      attached: false,
      attempt: 0,
      createdAt: startedAt,
      timeLimitMs: job.timeLimitMs,
    });
    store.cronRuns.start(run.id, { instance, dyno: name, releaseVersion: release.version, startedAt });
    notify(run.appId);
  }

  private stop(dyno: DynoRecord, reason: string): void {
    this.deps.store.dynos.update(dyno.instance, { stopReason: reason });
    this.deps.notify(dyno.appId);
  }

  private end({ run, end }: CronStepOf<'end'>): void {
    this.deps.store.cronRuns.end(run.id, end);
    // Its dyno's row was kept until now.
    this.deps.notify(run.appId);
  }

  private freeName(appId: string): string {
    const taken = new Set(this.deps.store.dynos.list(appId).map(({ name }) => name));
    let name: string;
    do name = `${SCHEDULER}.${randomInt(1000, 10_000)}`;
    while (taken.has(name));
    return name;
  }
}
