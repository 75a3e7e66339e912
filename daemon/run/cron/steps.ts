import type { CronJobRecord } from '../../store/cron-jobs.js';
import type { CronRunEnd, CronRunRecord } from '../../store/cron-runs.js';
import type { DynoRecord } from '../../store/dynos.js';

/** What a time of a job comes to. */
interface OfTime {
  readonly job: CronJobRecord;
  readonly scheduledAt: number;
  /** All times of the job up to here are dealt with by this step. */
  readonly until: number;
}

export type CronStep =
  /** From this moment on the times of the job count. */
  | { readonly action: 'settle'; readonly jobId: string; readonly until: number }
  /** The current release has no such job any more. */
  | { readonly action: 'forget'; readonly jobId: string }
  /** The times of the job cannot be told, and why: none of them counts. */
  | { readonly action: 'set-aside'; readonly job: CronJobRecord; readonly reason: string }
  /** The time is to be run: its claim is made, and waits for its turn. */
  | ({ readonly action: 'claim' } & OfTime)
  /** The time is not run, and why. */
  | ({ readonly action: 'skip'; readonly reason: string } & OfTime)
  /** A run that waited is not to be begun any more. */
  | { readonly action: 'drop'; readonly run: CronRunRecord; readonly reason: string }
  | { readonly action: 'start'; readonly run: CronRunRecord; readonly job: CronJobRecord }
  | { readonly action: 'stop'; readonly dyno: DynoRecord; readonly reason: string }
  | { readonly action: 'end'; readonly run: CronRunRecord; readonly end: CronRunEnd };

export type CronAction = CronStep['action'];
export type CronStepOf<A extends CronAction> = Extract<CronStep, { action: A }>;

/** All that the steps of an app depend on. */
export interface CronSnapshot {
  readonly now: number;
  readonly maintenance: boolean;
  /** When the current release became that. */
  readonly releasedAt: number;
  /** Of the current release; none where nothing may be run. */
  readonly jobs: readonly CronJobRecord[];
  readonly states: readonly {
    readonly jobId: string;
    readonly settledUntil: number | null;
    readonly suspendedAt: number | null;
  }[];
  /** The runs that wait or run, the oldest first. */
  readonly runs: readonly OpenRun[];
}

export interface OpenRun {
  readonly run: CronRunRecord;
  /** Null: it waits, or its dyno is gone. */
  readonly dyno: DynoRecord | null;
  /** Is something being done with its dyno right now: started, or freed after its last line was stored? */
  readonly inHand: boolean;
}
