import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../shared/errors.js';
import type { ServerFolder } from '../servers/place.js';

/** Why a server ended instead of starting, in its own words. */
export async function startFailure(folder: ServerFolder, name: string): Promise<TfkError> {
  const text = (await readFile(folder.startLog, 'utf8').catch(() => '')) + (await endOfLog(folder.log));
  return new TfkError(
    /no space left/i.test(text) ? 'insufficient_storage' : 'unavailable',
    `PostgreSQL of ${name} did not start: ${reasonIn(text)}. Its data is untouched.`,
    { hint: `Its log: ${folder.log}` },
  );
}

/** `2026-11-20 10:00:00 UTC [7] FATAL:  could not …` → `could not …`, of the last such line. */
export function reasonIn(log: string): string {
  const told = log.split('\n').filter((line) => /(FATAL|PANIC|could not)/.test(line));
  return told.at(-1)?.replace(/^.*?(FATAL|PANIC|LOG|WARNING): +/, '') ?? 'it ended without a word';
}

async function endOfLog(logFolder: string): Promise<string> {
  const newest = (await readdir(logFolder).catch(() => [])).sort().at(-1);
  if (newest === undefined) return '';
  const file = await open(join(logFolder, newest), 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 4096);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
