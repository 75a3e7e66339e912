/** One entry of a container's log, as dockerd wrote it: a line, or a piece of a long one. */
export interface LogRecord {
  readonly stream: LogStream;
  readonly time: RecordTime;
  /** Raw, without a newline; a part of what was read, never a copy. */
  readonly bytes: Buffer;
  /** Does it end a line? The pieces of a long line but the last do not; they all carry the same time. */
  readonly ends: boolean;
  /** Which piece of a long line, from 1; 0 for a whole line, and where nobody tells. */
  readonly piece: number;
}

export type LogStream = 'stdout' | 'stderr';

/** When dockerd had read the line, to the nanosecond, which no JavaScript number holds: `micros` since the epoch, and the rest. */
export interface RecordTime {
  readonly micros: number;
  /** 0 to 999 */
  readonly nanos: number;
}

export const compareTimes = (one: RecordTime, other: RecordTime): number =>
  one.micros - other.micros || one.nanos - other.nanos;

/** Nanoseconds since the epoch, in digits. */
export const digitsOf = ({ micros, nanos }: RecordTime): string =>
  `${micros}${String(nanos).padStart(3, '0')}`;

/** Null for what no `digitsOf` has written. */
export function timeOfDigits(digits: string): RecordTime | null {
  if (!/^\d{4,19}$/.test(digits)) return null;
  return { micros: Number(digits.slice(0, -3)), nanos: Number(digits.slice(-3)) };
}
