import { Cron } from 'croner';
import { messageOf } from './errors.js';

/** When something is to be done by the clock. */
export interface Schedule {
  /** Five numeric fields: minute, hour, day of the month, month, day of the week. */
  readonly expression: string;
  /** As the tz database calls it. */
  readonly timezone: string;
}

/**
 * The first time of the schedule after a moment; null: there is none. Where clocks are changed, as crons have always done: a
 * fixed time that is missing that day comes right after the gap, and one that is there twice comes once; a schedule with `*` in
 * minute or hour comes by the minutes that really pass. Throws where `problemOf` has something to say.
 */
export function nextTime(schedule: Schedule, after: number): number | null {
  return read(schedule).nextRun(new Date(after))?.getTime() ?? null;
}

/** The last time of the schedule after one moment, and not after another; null: there is none between. */
export function lastTimeBetween(schedule: Schedule, after: number, upTo: number): number | null {
  let last: number | null = null;
  for (let next = nextTime(schedule, after); next !== null && next <= upTo; next = nextTime(schedule, next))
    last = next;
  return last;
}

/**
 * In a sentence, why no times can be told; null: they can. What was accepted once may be unreadable later: with another Node.js,
 * whose time zones are others.
 */
export function problemOf(schedule: Schedule): string | null {
  const { expression, timezone } = schedule;
  if (!isTimeZone(timezone))
    return `timezone: ${JSON.stringify(timezone)} is not known to this machine's Node.js ${process.version}`;
  try {
    read(schedule);
    return null;
  } catch (error) {
    return `schedule: ${JSON.stringify(expression)} cannot be read: ${messageOf(error)}`;
  }
}

function read({ expression, timezone }: Schedule): Cron {
  const [, , day = '', , weekday = ''] = expression.split(' ');
  return new Cron(expression, {
    ...{ mode: '5-part', timezone, paused: true },
    fixedTimeRule: 'no-wildcard',
    // As Vixie's cron, and so as Debian's and Dokku's: a field that begins with * narrows the other one.
    domAndDow: day.startsWith('*') || weekday.startsWith('*'),
  });
}

function isTimeZone(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
