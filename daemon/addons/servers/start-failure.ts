import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../shared/errors.js';
import type { ServerFolder } from './place.js';

export interface FailedServer {
  /** `PostgreSQL` */
  readonly product: string;
  /** The add-on's. */
  readonly name: string;
  readonly folder: ServerFolder;
  readonly reasonIn: (log: string) => string;
}

/** Why a server ended instead of starting, in its own words. */
export async function startFailure({ product, name, folder, reasonIn }: FailedServer): Promise<TfkError> {
  const text = (await readFile(folder.startLog, 'utf8').catch(() => '')) + (await endOfLog(folder.log));
  return new TfkError(
    isFull(text) ? 'insufficient_storage' : 'unavailable',
    `${product} of ${name} did not start: ${reasonIn(text)}. Its data is untouched.`,
    { hint: `Its log: ${folder.log}` },
  );
}

export const isFull = (log: string): boolean => /no space left/i.test(log);

export const WITHOUT_A_WORD = 'it ended without a word';

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
