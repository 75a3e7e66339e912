import type { LogLine } from './entry.js';

/** Heroku's form of a line, without a newline at its end: `2026-08-01T10:00:00.123456+00:00 app[web.1]: hello`. */
export function formatLine(line: LogLine): string {
  return `${formatTime(line.time)} ${line.source}[${line.dyno}]: ${oneLine(line.text)}`;
}

/** The line as one line of JSON; here the text is exact. */
export function formatJson(line: LogLine): string {
  return JSON.stringify({ ...line, time: formatTime(line.time) });
}

/** Microseconds since the epoch as ISO 8601 with six decimals, in UTC. */
export function formatTime(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1_000_000);
  const rest = Math.floor(microseconds - seconds * 1_000_000);
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(rest).padStart(6, '0')}+00:00`;
}

/**
 * A text that could begin a new line could forge another dyno's: CR and LF are shown as `\r` and `\n`. The CR of a
 * CRLF ending is no more than that ending. Other control characters are for the terminal's side to deal with.
 */
function oneLine(text: string): string {
  const ended = text.endsWith('\r') ? text.slice(0, -1) : text;
  return ended.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
