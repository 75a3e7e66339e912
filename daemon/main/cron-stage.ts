import { CronJobs } from '../run/cron/cron-jobs.js';
import { SCHEDULER } from '../run/cron/execute.js';
import { CronLoop, type CronDependencies } from '../run/cron/loop.js';
import type { DynoRecord } from '../store/dynos.js';

export interface CronStage {
  readonly jobs: CronJobs;
  readonly loop: CronLoop;
  /** Whether the dyno's end is still to be noted in the history of its job. */
  readonly isAwaited: (dyno: DynoRecord) => boolean;
}

/** Scheduled jobs, wired. */
export function createCronStage(parts: CronDependencies): CronStage {
  const { store, clock } = parts;
  const loop = new CronLoop(parts);
  return {
    loop,
    jobs: new CronJobs(store, clock, (appId) => loop.wake(appId)),
    isAwaited: ({ kind, type, instance }) =>
      kind === 'release' && type === SCHEDULER && store.cronRuns.isOpen(instance),
  };
}
