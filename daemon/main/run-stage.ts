import type { ObservedDyno } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Collector } from '../logs/collector.js';
import type { LogStore } from '../logs/log-store.js';
import { HealthWatch } from '../run/health.js';
import { Launcher } from '../run/launcher.js';
import { OneOffs } from '../run/one-off.js';
import { Executor } from '../run/reconcile/execute.js';
import { ReconcileLoop } from '../run/reconcile/loop.js';
import { DEADLINES, type Deadlines } from '../run/reconcile/plan.js';
import { Retirement } from '../run/retirement.js';
import { RoutePublisher, type RouterPort } from '../run/route-publisher.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { DynoRecord } from '../store/dynos.js';
import type { Store } from '../store/store.js';

export interface RunParts {
  readonly store: Store;
  readonly engine: DynoHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: LogStore;
  readonly collector: Collector;
  readonly router: RouterPort;
  readonly appIsEmpty: (appId: string) => Promise<void>;
  /** Whether a dyno's end is still to be noted elsewhere: until then its row stays. */
  readonly isAwaited: (dyno: DynoRecord) => boolean;
  /** What was done beside the reconciler with a dyno of the app is done. */
  readonly settled: (appId: string) => void;
  readonly timeouts: { readonly bootMs: number; readonly exitMs: number; readonly releaseMs: number };
}

export interface RunStage {
  readonly loop: ReconcileLoop;
  readonly oneOffs: OneOffs;
  /** Is a dyno being started or freed right now? */
  readonly inHand: (instance: string) => boolean;
  /** As every router worker has it. */
  readonly routed: (instance: string) => 'serving' | 'draining' | 'none';
  /** Resolves when routes are as the store has them, or soon. */
  readonly routesInForce: () => Promise<void>;
  /** Takes up the dynos that an earlier tfkd started; once, before the loop starts. */
  readonly adopt: () => void;
  /** Ends reconciling; resolves when nothing is being started any more. */
  readonly stop: () => Promise<void>;
  /** Leaves to the next tfkd what is being freed; before the log collector stops. */
  readonly letGo: () => void;
  /** Frees exited dynos, when the loop does not run any more. */
  readonly free: (dynos: readonly ObservedDyno[]) => Promise<void>;
}

/** The run stage, wired: what wakes whom stands here. */
export function createRunStage(parts: RunParts): RunStage {
  const { store, engine, clock, logger, logs, collector, router, appIsEmpty, timeouts } = parts;
  const { bootMs, exitMs, releaseMs } = timeouts;
  const deadlines: Deadlines = { ...DEADLINES, bootMs, exitMs };
  const notify = (appId: string): void => loop.notify(appId);
  const settled = (appId: string): void => {
    notify(appId);
    parts.settled(appId);
  };
  const publisher = new RoutePublisher(store, router, clock);
  const health = new HealthWatch(engine, clock, (instance) => {
    const dyno = store.dynos.find(instance);
    if (dyno) notify(dyno.appId);
  });
  const launcher = new Launcher({ store, engine, clock, logger, logs, collector, health, notify: settled });
  const retirement = new Retirement(engine, collector, logger, settled);
  const inHand = (instance: string): boolean =>
    launcher.isLaunching(instance) || retirement.isUnderWay(instance);
  const oneOffs = new OneOffs({ store, engine, clock, launcher, logs, notify, releaseLimitMs: releaseMs });
  const executor = new Executor({
    store,
    engine,
    clock,
    logs,
    launcher,
    health,
    retirement,
    deadlines,
    completed: (dyno) => {
      oneOffs.completed(dyno);
      parts.settled(dyno.appId);
    },
    appIsEmpty,
  });
  const loop: ReconcileLoop = new ReconcileLoop({
    store,
    engine,
    clock,
    logger,
    health,
    publisher,
    router,
    executor,
    deadlines,
    inHand,
    held: (dyno) => oneOffs.isHeld(dyno) || parts.isAwaited(dyno),
  });
  const adopt = (): void => {
    for (const dyno of store.dynos.all()) launcher.adopt(dyno);
  };
  const free = async (dynos: readonly ObservedDyno[]): Promise<void> => {
    for (const { handle, labels, state } of dynos) {
      if (state.kind === 'exited')
        retirement.retire(handle, labels, store.dynos.find(handle.instance)?.attached !== true);
    }
    await retirement.idle();
  };
  const stop = async (): Promise<void> => {
    await loop.stop();
    health.stop();
    await launcher.idle();
  };
  const routed = (instance: string) => publisher.routed(instance);
  const routesInForce = () => publisher.inForce();
  const letGo = () => retirement.stop();
  return { loop, oneOffs, inHand, routed, routesInForce, adopt, stop, letGo, free };
}
