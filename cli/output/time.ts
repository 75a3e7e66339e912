const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TOO_LONG_AGO_TO_SAY = 25 * HOUR;

/** `2026/08/01 10:00:00 +0000 (~ 1h ago)`, in local time; without the bracket after 25 hours. */
export function ago(time: string, now: Date): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return time;
  const passed = Math.max(0, now.getTime() - then.getTime());
  return passed > TOO_LONG_AGO_TO_SAY ? moment(then) : `${moment(then)} (~ ${inUnits(passed)} ago)`;
}

/** `2026/08/01 10:00:00 +0000`. */
export function moment(time: Date): string {
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('/');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${day} ${clock} ${zone(-time.getTimezoneOffset())}`;
}

/** `2.1 s`, `340 ms`, `1 min 12 s`. */
export function took(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toFixed(1)} s`;
  return `${Math.floor(milliseconds / MINUTE)} min ${Math.floor((milliseconds % MINUTE) / SECOND)} s`;
}

/** `12s ago`. */
export function since(time: string, now: Date): string {
  return `${inUnits(Math.max(0, now.getTime() - Date.parse(time)))} ago`;
}

/** `in 12s`, for a moment to come; `now` when it has passed. */
export function until(time: string, now: Date): string {
  const left = new Date(time).getTime() - now.getTime();
  return left > 0 ? `in ${inUnits(left)}` : 'now';
}

function inUnits(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)}s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)}m`;
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)}h`;
  return `${Math.floor(milliseconds / DAY)}d`;
}

function zone(minutesEast: number): string {
  const minutes = Math.abs(minutesEast);
  return `${minutesEast < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
