const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** A batch that is refused as such is tried as often as Logplex tries one, and then given up. */
export const REFUSALS = 3;

/**
 * Milliseconds until the next try: 1 s, doubled with each failure up to a minute; half of it is left to chance, so that
 * the drains of many apps do not return to a receiver all at once.
 *
 * @param failures in a row, from 1
 * @param chance from 0 to 1
 */
export function retryDelay(failures: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(full / 2 + (full / 2) * chance);
}
