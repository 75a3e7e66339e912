import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Places } from './toolchain.js';

const run = promisify(execFile);

const LIMIT_MS = 20_000;

/** What a program prints to stdout; null where it is not there, fails or takes too long. */
export async function answerOf(
  program: string,
  args: readonly string[],
  places: Places,
): Promise<string | null> {
  const env = { ...places.env, PATH: places.path.join(':'), HOME: places.home, LC_ALL: 'C' };
  try {
    const { stdout } = await run(program, args, { env, timeout: LIMIT_MS, cwd: '/' });
    return stdout.trim();
  } catch {
    return null;
  }
}

/** `folder/<each entry>/rest`, the last name first: of folders that hold one version each, the newest. */
export async function inEachOf(folder: string, ...rest: readonly string[]): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const newestFirst = names.sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  return newestFirst.map((name) => join(folder, name, ...rest));
}
