import type { Logger } from './log.js';
import type { Store } from './stores/store.js';

const LEASE = 'scheduler';
const DAY_MS = 86_400_000;

export interface Rounds {
  readonly store: Store;
  readonly log: Logger;
  /** Which scheduler this is: no two have the same. */
  readonly holder: string;
  readonly intervalMs: number;
  readonly lateAfterMinutes: number;
}

/**
 * One round of the scheduler: late orders, and once a day the report of the day before. Of several schedulers one goes its rounds:
 * the one that has the lease. When it is gone another takes over, a few rounds later. Answers whether it was this one.
 */
export async function goRound(rounds: Rounds, now: Date): Promise<boolean> {
  const { store, log, holder, intervalMs, lateAfterMinutes } = rounds;
  if (!(await store.lease(LEASE, holder, intervalMs * 3))) return false;
  const late = await store.markLate(new Date(now.getTime() - lateAfterMinutes * 60_000));
  if (late > 0) log.warn({ late }, 'orders are late');
  await reportOnce(rounds, now);
  return true;
}

/** The lease of a report is never given back, and each try has a holder of its own: the second finds it taken. */
async function reportOnce({ store, log, holder }: Rounds, now: Date): Promise<void> {
  const today = new Date(now.toISOString().slice(0, 10));
  const yesterday = new Date(today.getTime() - DAY_MS);
  const day = yesterday.toISOString().slice(0, 10);
  if (!(await store.lease(`report ${day}`, `${holder} ${now.getTime()}`, 400 * DAY_MS))) return;
  log.info({ day, ...(await store.report(yesterday, today)) }, 'daily report');
}
