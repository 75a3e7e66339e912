import { colourOfDyno, type Paint } from './colour.js';
import { visibleWithColours } from './sanitise.js';

const LINE = /^(\S+ \S+?\[([^\]\s]+)\]:)(.*)$/s;

/** A log line for a terminal: its prefix in the dyno's colour, its text made safe. */
export function logLine(line: string, paint: Paint): string {
  const [, prefix, dyno, text] = LINE.exec(line) ?? [];
  if (prefix === undefined || dyno === undefined || text === undefined) {
    return visibleWithColours(line, paint.enabled);
  }
  return (
    paint.in(colourOfDyno(dyno), visibleWithColours(prefix, false)) + visibleWithColours(text, paint.enabled)
  );
}
