/** Lines that the receiver will not get: their number, and since when (microseconds since the epoch). */
export interface Loss {
  readonly count: number;
  readonly since: number;
}

/** How far a drain has come in its app's log. It is kept beside the lines themselves, and so outlives tfkd. */
export interface DrainCursor {
  /** The sequence of the newest line that needs no sending any more: it was taken, or given up. */
  readonly after: number;
  /** When that was logged, in microseconds since the epoch. */
  readonly time: number;
  /** Where the batch under way ends: begun again after a crash, it is the same batch, under the same frame id. */
  readonly upTo: number | null;
  /** Given up, and not told to the receiver yet. */
  readonly loss: Loss | null;
  /** Lines that were taken, and lines that will not be, since the drain was made. */
  readonly delivered: number;
  readonly dropped: number;
}

/** Of a drain that has sent nothing yet. */
export const cursorAt = (after: number, time: number): DrainCursor => ({
  after,
  time,
  upTo: null,
  loss: null,
  delivered: 0,
  dropped: 0,
});

/** The name of a drain's cursor among its app's. */
export const cursorSource = (drainId: string): string => `drain:${drainId}`;

export const writeCursor = ({ after, time, upTo, loss, delivered, dropped }: DrainCursor): string =>
  JSON.stringify([after, time, upTo, loss?.count ?? 0, loss?.since ?? 0, delivered, dropped]);

/** Null for a text that is no cursor. */
export function readCursor(text: string): DrainCursor | null {
  const numbers = numbersOf(text);
  if (numbers?.length !== 7) return null;
  const [after, time, upTo, count, since, delivered, dropped] = numbers as Numbers;
  return { after, time, upTo, loss: count > 0 ? { count, since } : null, delivered, dropped };
}

/** More lines are lost: as one loss, which began with the first. */
export const withLoss = (loss: Loss | null, count: number, since: number): Loss | null =>
  count === 0 ? loss : { count: (loss?.count ?? 0) + count, since: loss?.since ?? since };

type Numbers = [number, number, number | null, number, number, number, number];

function numbersOf(text: string): (number | null)[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return null;
    const valid = parsed.every(
      (value, index) => Number.isSafeInteger(value) || (index === 2 && value === null),
    );
    return valid ? (parsed as (number | null)[]) : null;
  } catch {
    return null;
  }
}
