import type { Logs } from '../../logs/entry.js';
import type { Clock } from '../../shared/clock.js';
import { ExclusiveRunner } from '../../shared/exclusive-runner.js';
import type { Logger } from '../../shared/logger.js';
import type { AppRecord } from '../../store/apps.js';
import type { Store } from '../../store/store.js';
import { dueSteps, nextDue } from './due.js';
import { CronExecutor } from './execute.js';
import type { CronSnapshot } from './steps.js';

/** A look without an event: a clock that was set, or a machine that slept, wakes no timer. */
const LOOK_MS = 30_000;
const DEBOUNCE_MS = 10;
/** Looks at one app in a row, if its steps would never end. */
const MOST_LOOKS = 20;

export interface CronDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: Logs;
  /** Is something being done with the dyno right now, beside the reconciler? */
  readonly inHand: (instance: string) => boolean;
  /** Wakes the reconciler. */
  readonly notify: (appId: string) => void;
}

/** Looks at the scheduled jobs whenever one is due or an app has changed, and does what there is to do. */
export class CronLoop {
  private readonly executor: CronExecutor;
  private readonly runner: ExclusiveRunner;
  /** Apps that something has happened to. */
  private readonly woken = new Set<string>();
  private readonly nextLook = new Map<string, number>();
  private timer = new AbortController();
  private stopped = false;

  constructor(private readonly deps: CronDependencies) {
    this.executor = new CronExecutor(deps);
    const onError = (error: unknown): void =>
      this.deps.logger.error({ err: error }, 'looking at scheduled jobs failed');
    this.runner = new ExclusiveRunner(() => this.look(), onError, {
      clock: deps.clock,
      debounceMs: DEBOUNCE_MS,
    });
  }

  start(): void {
    this.wakeAll();
  }

  wake(appId: string): void {
    this.woken.add(appId);
    this.runner.trigger();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer.abort();
    await this.runner.stop();
  }

  /** Also where the apps cannot be read: the look that comes of it sets the timer for the next. */
  private wakeAll(): void {
    try {
      for (const app of this.deps.store.apps.list()) this.woken.add(app.id);
    } catch (error) {
      this.deps.logger.error({ err: error }, 'the apps with scheduled jobs cannot be read, trying again');
    }
    this.runner.trigger();
  }

  private look(): Promise<void> {
    const appIds = [...this.woken];
    this.woken.clear();
    for (const appId of appIds) this.lookAt(appId);
    this.sleep();
    return Promise.resolve();
  }

  private lookAt(appId: string): void {
    this.nextLook.delete(appId);
    try {
      const app = this.deps.store.apps.find(appId);
      const next = app ? nextDue(this.settled(app)) : null;
      if (next !== null) this.nextLook.set(appId, next);
    } catch (error) {
      this.deps.logger.error({ err: error, app: appId }, 'scheduled jobs of an app failed, trying again');
    }
  }

  /** Does steps until none is left, and answers what is then. */
  private settled(app: AppRecord): CronSnapshot {
    for (let looks = 0; ; looks++) {
      const snapshot = this.observe(app);
      const steps = dueSteps(snapshot);
      if (steps.length === 0 || looks === MOST_LOOKS) return snapshot;
      for (const step of steps) this.executor.execute(app.id, step);
    }
  }

  private observe({ id, maintenance, releasedAt }: AppRecord): CronSnapshot {
    const { store, clock, inHand } = this.deps;
    return {
      now: clock.now(),
      maintenance,
      releasedAt: releasedAt ?? 0,
      jobs: store.cronJobs.current(id),
      states: store.cronJobs.states(id),
      runs: store.cronRuns.open(id).map((run) => ({
        run,
        dyno: (run.instance === null ? undefined : store.dynos.find(run.instance)) ?? null,
        inHand: run.instance !== null && inHand(run.instance),
      })),
    };
  }

  private sleep(): void {
    this.timer.abort();
    if (this.stopped) return;
    this.timer = new AbortController();
    const { signal } = this.timer;
    const { clock } = this.deps;
    const at = Math.min(clock.now() + LOOK_MS, ...this.nextLook.values());
    void clock.sleep(Math.max(0, at - clock.now()), signal).then(() => {
      if (!signal.aborted) this.wakeAll();
    });
  }
}
