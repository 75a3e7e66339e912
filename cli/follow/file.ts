import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesOf } from '../client/lines.js';

const POLL = 250;

export interface FollowOptions {
  /** How many of the lines that are there already. */
  readonly last: number;
  /** Go on for ever with lines as they are written; a file that was replaced is read from its beginning. */
  readonly on: boolean;
}

/** Lines of a log file. Throws ENOENT where there is none. */
export async function* linesOfFile(path: string, options: FollowOptions): AsyncGenerator<string> {
  let size = await sizeOf(path);
  const last: string[] = [];
  for await (const line of part(path, 0, size)) {
    last.push(line);
    if (last.length > options.last) last.shift();
  }
  yield* last;
  while (options.on) {
    await sleep(POLL);
    const now = await sizeOf(path).catch(() => 0);
    yield* part(path, now < size ? 0 : size, now);
    size = now;
  }
}

async function* part(path: string, from: number, to: number): AsyncGenerator<string> {
  if (to <= from) return;
  const file = await open(path);
  yield* linesOf(file.createReadStream({ start: from, end: to - 1 }));
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
