import { WITHOUT_A_WORD } from '../servers/start-failure.js';

/** What it says of the system, and what it always says at last. */
const NOTHING = /^(WARNING |oO0OoO0)|Memory overcommit|check server logs|Exiting\.?$|^>>> |^\*\*\* /i;
const TOLD =
  /can't|cannot|can not|could not|couldn't|fail|error|bad |denied|invalid|no space|unknown|not found/i;

/** Of the newest start in the log, the last line that tells of a failure; without `7:M 28 Nov 2026 10:00:00.000 # `. */
export function reasonIn(log: string): string {
  const lines = newestStart(log)
    .split('\n')
    .map((line) => line.replace(/^\d+:[A-Z] [\d:. A-Za-z]+ [*#.-] /, '').trim())
    .filter((line) => line !== '' && !NOTHING.test(line));
  const told = lines.findLast((line) => TOLD.test(line)) ?? lines.at(-1) ?? WITHOUT_A_WORD;
  return told.replace(/\.$/, '');
}

/** Settings that it does not take it refuses before its log begins. */
function newestStart(log: string): string {
  const refused = log.indexOf('FATAL CONFIG FILE ERROR');
  return refused === -1 ? log.slice(log.lastIndexOf('is starting') + 1) : log.slice(refused, refused + 1000);
}
