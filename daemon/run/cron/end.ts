import { inWords } from '../../shared/duration.js';
import type { CronRunEnd } from '../../store/cron-runs.js';
import type { DynoRecord } from '../../store/dynos.js';
import type { OpenRun } from './steps.js';

/** How a run has ended; null while it has not. */
export function endOf({ run, dyno, inHand }: OpenRun, now: number): CronRunEnd | null {
  if (run.status !== 'running' || inHand) return null;
  if (dyno === null)
    return { status: 'stopped', exitCode: null, endedAt: now, reason: 'it was stopped before it began' };
  if (dyno.state !== 'complete') return null;
  const { exitCode, exitedAt } = dyno;
  return { ...outcomeOf(dyno), exitCode, endedAt: exitedAt ?? now };
}

function outcomeOf(dyno: DynoRecord): Pick<CronRunEnd, 'status' | 'reason'> {
  const { exitCode, stopReason, timeLimitMs, message } = dyno;
  if (stopReason === 'time limit')
    return { status: 'failed', reason: `it ran longer than ${inWords(timeLimitMs ?? 0)}, its time limit` };
  if (stopReason !== null)
    return { status: 'stopped', reason: stopReason === 'stopped' ? 'a user stopped it' : stopReason };
  if (exitCode === 0) return { status: 'succeeded', reason: null };
  return { status: 'failed', reason: message ?? `exited with status ${exitCode ?? 'unknown'}` };
}
