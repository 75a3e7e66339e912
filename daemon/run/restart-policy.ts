/** A dyno that was up for that long has recovered: its next crash counts as the first. */
const RECOVERED_AFTER_MS = 10 * 60_000;
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 10 * 60_000;

export interface RestartDecision {
  /** How many crashes in a row, this one included. */
  readonly attempt: number;
  readonly delayMs: number;
}

/**
 * When a crashed dyno starts again: the first time at once, then after 10 s · 2ⁿ up to 10 min. It is never given up.
 * `attempt` counts the crashes in a row before this one; `upForMs` is how long it was ready, null if it never was.
 */
export function restartAfterCrash(attempt: number, upForMs: number | null): RestartDecision {
  const before = upForMs !== null && upForMs >= RECOVERED_AFTER_MS ? 0 : attempt;
  const delayMs = before === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (before - 1), LONGEST_WAIT_MS);
  return { attempt: before + 1, delayMs };
}
