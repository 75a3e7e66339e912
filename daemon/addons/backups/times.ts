import { TfkError } from '../../shared/errors.js';
import * as schedules from '../../shared/schedules.js';

/** A time of day somewhere. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** As the tz database calls it. */
  readonly timeZone: string;
}

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

/** When it is next so late there: once a day, as a scheduled job of that time is run. */
export function nextTime({ hour, minute, timeZone: timezone }: TimeOfDay, after: number): number {
  const next = schedules.nextTime({ expression: `${minute} ${hour} * * *`, timezone }, after);
  if (next === null) throw new Error('Every day has its times');
  return next;
}

const unknownTime = (text: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(text.slice(0, 80))} is no time of day. Nothing was changed.`,
    {
      hint: "Say it so: --at '02:00 Europe/Berlin'",
    },
  );
