import { TfkError } from '../../shared/errors.js';

/** A time of day somewhere. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** As the tz database calls it. */
  readonly timeZone: string;
}

const DAY_MS = 24 * 60 * 60_000;

/** `02:00 Europe/Berlin`; without a zone, UTC. */
export function timeOfDay(text: string): TimeOfDay {
  const [, hours = '', minutes = '', zone = 'UTC'] =
    /^(\d{1,2}):(\d{2})(?: +([\w+\-/]+))?$/.exec(text.trim()) ?? [];
  const [hour, minute] = [Number(hours), Number(minutes)];
  if (hours === '' || hour > 23 || minute > 59) throw unknownTime(text);
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
    return { hour, minute, timeZone };
  } catch {
    throw unknownTime(text);
  }
}

export const timeText = ({ hour, minute, timeZone }: TimeOfDay): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')} ${timeZone}`;

/**
 * When it is next so late there. Once a day, whatever clocks do: of an hour that comes twice the first, and where it is left
 * out, as much later as the clock is put forward.
 */
export function nextTime(time: TimeOfDay, after: number): number {
  // By half days: one that is shorter than others is not passed over.
  for (let half = -2; ; half++) {
    const { year, month, date } = localTime(after + (half * DAY_MS) / 2, time.timeZone);
    const at = instantOf(Date.UTC(year, month - 1, date, time.hour, time.minute), time.timeZone);
    if (at > after) return at;
  }
}

/** `wall` is the local time as if it were UTC. */
function instantOf(wall: number, timeZone: string): number {
  const before = wall - offsetAt(wall - DAY_MS, timeZone);
  const behind = wall - offsetAt(wall + DAY_MS, timeZone);
  const real = [before, behind].filter((at) => at + offsetAt(at, timeZone) === wall);
  return real.length > 0 ? Math.min(...real) : before;
}

function offsetAt(at: number, timeZone: string): number {
  const { year, month, date, hour, minute, second } = localTime(at, timeZone);
  return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

function localTime(at: number, timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return {
    year: part('year'),
    month: part('month'),
    date: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

const unknownTime = (text: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(text.slice(0, 80))} is no time of day. Nothing was changed.`,
    {
      hint: "Say it so: --at '02:00 Europe/Berlin'",
    },
  );
