const UNITS = [
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** A limit as its user set it, in the largest unit that leaves nothing over: `24 hours`, `90 minutes`, `1 second`. */
export function inWords(ms: number): string {
  const [unit, length] = UNITS.find(([, whole]) => ms % whole === 0) ?? ['second', 1000];
  return `${ms / length} ${unit}${ms === length ? '' : 's'}`;
}
