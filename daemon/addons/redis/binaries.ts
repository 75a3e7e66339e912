import { execa } from 'execa';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TfkError } from '../../shared/errors.js';

export interface BinariesOptions {
  /** TFK_REDIS_BIN: the folder of `redis-server` or `valkey-server`. */
  readonly bin: string | null;
  /** Folders to look in, where that is not set. */
  readonly path: readonly string[];
}

export interface Binaries {
  /** The program's path. */
  readonly server: string;
}

/** The same server, by the one name or the other. */
const PROGRAMS = ['redis-server', 'valkey-server'];
/** Older ones know other rules for users. */
const OLDEST = [6, 2] as const;
const HINT =
  'Install one (Debian, Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; macOS: brew install redis) and try again, or name its folder in TFK_REDIS_BIN. With Docker none is needed: tfk apps:engine docker';

/** The Redis, or Valkey, of this machine. */
export async function findBinaries({ bin, path }: BinariesOptions): Promise<Binaries> {
  const folders = bin === null ? path : [bin];
  const server = await firstProgram(folders);
  if (server === undefined) throw notHere(bin);
  const version = await versionOf(server).catch((error: unknown) => {
    throw new TfkError('unavailable', `${server} does not run: ${messageOf(error)}`, { hint: HINT });
  });
  if (isTooOld(version))
    throw new TfkError(
      'unavailable',
      `${server} is Redis ${version}; tfk needs ${OLDEST.join('.')} or newer.`,
      {
        hint: HINT,
      },
    );
  return { server };
}

/** `Redis server v=7.0.15 sha=…` or `Valkey server v=8.0.1 …` → `7.0.15`. */
export function versionIn(text: string): string | undefined {
  return /\bv=(\d+\.\d+(\.\d+)?)/.exec(text)?.[1];
}

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

async function firstProgram(folders: readonly string[]): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    for (const folder of folders) {
      const path = join(folder, program);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

async function versionOf(server: string): Promise<string> {
  const { stdout } = await execa(server, ['--version'], {
    env: { LC_ALL: 'C' },
    extendEnv: false,
    timeout: 20_000,
  });
  const version = versionIn(stdout);
  if (version === undefined) throw new Error(`it does not tell its version`);
  return version;
}

const notHere = (bin: string | null): TfkError =>
  new TfkError(
    'unavailable',
    `${bin === null ? 'There is' : `TFK_REDIS_BIN names ${bin}, where there is`} no redis-server and no valkey-server${bin === null ? ' on this machine' : ''}.`,
    { hint: HINT },
  );
