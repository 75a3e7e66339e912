import type { DynoHost } from '../../engines/engines.js';
import type { Clock } from '../../shared/clock.js';
import { ExclusiveRunner } from '../../shared/exclusive-runner.js';
import type { Logger } from '../../shared/logger.js';
import type { AppRecord } from '../../store/apps.js';
import type { Store } from '../../store/store.js';
import type { RoutePublisher } from '../route-publisher.js';
import type { Executor } from './execute.js';
import { observeApp, type ObserveDependencies } from './observe.js';
import { nextDeadline, planApp, type Deadlines } from './plan.js';
import { describeStep, type Step } from './steps.js';

/** Events come in swarms (four dynos of a scale); one look after them is enough. */
const DEBOUNCE_MS = 10;
/** A look without an event, in case one was missed. */
const FULL_PASS_MS = 30_000;
/** After a step or a publication has failed, or the same steps came again. */
const RETRY_MS = 1_000;
/** Starts at once; more only make each other slow. */
const PARALLEL_STEPS = 4;

export interface LoopDependencies extends ObserveDependencies {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publisher: RoutePublisher;
  readonly executor: Executor;
  readonly deadlines: Deadlines;
}

interface Watched {
  readonly runner: ExclusiveRunner;
  timer: AbortController;
  lastSteps: string;
}

/** Observes, plans and executes, app by app, until nothing is left to do; again at each event, deadline and full pass. */
export class ReconcileLoop {
  private readonly watched = new Map<string, Watched>();
  private readonly stopped = new AbortController();
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly deps: LoopDependencies) {}

  /** Subscribes before it looks, so that nothing falls in between. */
  start(): void {
    this.unsubscribe = this.deps.engine.watch(() => this.notifyAll());
    this.notifyAll();
    void this.fullPasses();
  }

  /** Something about the app has changed. */
  notify(appId: string): void {
    if (this.stopped.signal.aborted) return;
    this.entry(appId).runner.trigger();
  }

  notifyAll(): void {
    for (const app of this.deps.store.apps.list()) this.notify(app.id);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.unsubscribe();
    const all = [...this.watched.values()];
    for (const { timer } of all) timer.abort();
    await Promise.all(all.map(({ runner }) => runner.stop()));
  }

  private entry(appId: string): Watched {
    const known = this.watched.get(appId);
    if (known) return known;
    const onError = (error: unknown): void => {
      this.deps.logger.error({ err: error, app: appId }, 'reconciling failed, trying again');
      this.wake(appId, this.deps.clock.now() + RETRY_MS);
    };
    const runner = new ExclusiveRunner(() => this.pass(appId), onError, {
      clock: this.deps.clock,
      debounceMs: DEBOUNCE_MS,
    });
    const entry: Watched = { runner, timer: new AbortController(), lastSteps: '' };
    this.watched.set(appId, entry);
    return entry;
  }

  private async pass(appId: string): Promise<void> {
    const { store, deadlines, publisher } = this.deps;
    const entry = this.entry(appId);
    const app = store.apps.find(appId);
    if (!app) return this.drop(appId);
    const snapshot = await observeApp(app, this.deps);
    const steps = planApp(snapshot, deadlines);
    const failed = await this.execute(app, steps);
    await publisher.publish();
    const text = steps.map(describeStep).join('; ');
    const stuck = failed || (text !== '' && text === entry.lastSteps);
    entry.lastSteps = text;
    if (stuck || snapshot.unreachable !== null) this.wake(appId, this.deps.clock.now() + RETRY_MS);
    else if (steps.length > 0) this.notify(appId);
    else this.wake(appId, nextDeadline(snapshot, deadlines));
  }

  /** Answers whether a step failed; the others are done all the same. */
  private async execute(app: AppRecord, steps: readonly Step[]): Promise<boolean> {
    let failed = false;
    const queue = [...steps];
    const work = async (): Promise<void> => {
      for (let step = queue.shift(); step; step = queue.shift()) {
        this.deps.logger.debug({ app: app.name, step: describeStep(step) }, 'step');
        try {
          await this.deps.executor.execute(step);
        } catch (error) {
          failed = true;
          this.deps.logger.error({ err: error, app: app.name, step: describeStep(step) }, 'a step failed');
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_STEPS }, work));
    return failed;
  }

  /** Dynos of apps that are gone: no app's pass would ever see them. */
  private async removeStrangers(): Promise<void> {
    const { engine, store, inHand } = this.deps;
    for (const { handle, labels } of (await engine.survey()).dynos) {
      if (store.apps.find(labels.appId) === undefined && !inHand(handle.instance))
        await engine.remove(handle);
    }
  }

  private wake(appId: string, at: number | null): void {
    const entry = this.entry(appId);
    entry.timer.abort();
    entry.timer = new AbortController();
    if (at === null || this.stopped.signal.aborted) return;
    const { signal } = entry.timer;
    void this.deps.clock.sleep(Math.max(0, at - this.deps.clock.now()), signal).then(() => {
      if (!signal.aborted) this.notify(appId);
    });
  }

  private async drop(appId: string): Promise<void> {
    this.watched.get(appId)?.timer.abort();
    this.watched.delete(appId);
    await this.deps.publisher.publish();
  }

  private async fullPasses(): Promise<void> {
    const { signal } = this.stopped;
    for (;;) {
      await this.removeStrangers().catch((error: unknown) =>
        this.deps.logger.warn({ err: error }, 'dynos of apps that are gone could not be removed'),
      );
      await this.deps.clock.sleep(FULL_PASS_MS, signal);
      if (signal.aborted) return;
      this.notifyAll();
    }
  }
}
