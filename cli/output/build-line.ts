import type { Paint } from './colour.js';
import { visibleWithColours } from './sanitise.js';

/** A line of build output for a terminal: steps stand out, warnings and errors are red. */
export function buildLine(line: string, paint: Paint): string {
  const safe = visibleWithColours(line, paint.enabled);
  if (/^(-----|=====)> /.test(line)) return paint.in('bold', safe);
  return line.startsWith(' !     ') ? paint.in('red', safe) : safe;
}
