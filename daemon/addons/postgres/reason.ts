import { WITHOUT_A_WORD } from '../servers/start-failure.js';

/** `2026-11-20 10:00:00 UTC [7] FATAL:  could not …` → `could not …`, of the last such line. */
export function reasonIn(log: string): string {
  const told = log.split('\n').filter((line) => /(FATAL|PANIC|could not)/.test(line));
  return told.at(-1)?.replace(/^.*?(FATAL|PANIC|LOG|WARNING): +/, '') ?? WITHOUT_A_WORD;
}
