import { Cron } from 'croner';
import type { CronJobRecord } from '../../store/cron-jobs.js';

type Schedule = Pick<CronJobRecord, 'expression' | 'timezone'>;

/**
 * The first time of the schedule after a moment; null: there is none. Where clocks are changed, as crons have always done: a
 * fixed time that is missing that day comes right after the gap, and one that is there twice comes once; a schedule with `*` in
 * minute or hour comes by the minutes that really pass.
 */
export function nextTime({ expression, timezone }: Schedule, after: number): number | null {
  const cron = new Cron(expression, { mode: '5-part', timezone, fixedTimeRule: 'no-wildcard', paused: true });
  return cron.nextRun(new Date(after))?.getTime() ?? null;
}

/** The last time of the schedule after one moment, and not after another; null: there is none between. */
export function lastTimeBetween(schedule: Schedule, after: number, upTo: number): number | null {
  let last: number | null = null;
  for (let next = nextTime(schedule, after); next !== null && next <= upTo; next = nextTime(schedule, next))
    last = next;
  return last;
}
