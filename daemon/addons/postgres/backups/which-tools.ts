import { execa } from 'execa';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../../shared/errors.js';
import { majorOf } from '../manifest.js';

export interface ToolsWish {
  /** Of the server. */
  readonly major: number;
  /** TFK_POSTGRES_BIN, and the folder of the server's own programs. */
  readonly first: readonly string[];
  /** The PATH of tfkd. */
  readonly path: string;
}

/** Where packages of Debian, Red Hat, and Homebrew have theirs, a folder a major version. */
const PLACES = ['/usr/lib/postgresql', '/usr/pgsql', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * Can a tool of that major version dump and restore a server of this one? A newer one can, but from 17 on pg_restore sets what
 * servers before 17 do not know.
 */
export const fits = (tool: number, server: number): boolean =>
  tool === server || (tool > server && (tool < 17 || server >= 17));

/** The folder of pg_dump and pg_restore that suit the server: of its own major version, else the nearest newer one. */
export async function toolsFor({ major, first, path }: ToolsWish): Promise<string> {
  const folders = [
    ...first,
    ...(await installedFolders()),
    ...path.split(':').filter((folder) => folder !== ''),
  ];
  const found: { bin: string; major: number }[] = [];
  for (const bin of new Set(folders)) {
    const its = await majorIn(bin);
    if (its === major) return bin;
    if (its !== undefined && fits(its, major)) found.push({ bin, major: its });
  }
  const nearest = found.sort((one, other) => one.major - other.major)[0];
  if (nearest) return nearest.bin;
  throw new TfkError(
    'unavailable',
    `This machine has no pg_dump and pg_restore of PostgreSQL ${major}, which the database is of; those that tfk installs are without. Nothing was done.`,
    {
      hint: `Install them, on Debian and Ubuntu: apt-get install postgresql-client-${major}, with Homebrew: brew install postgresql@${major}`,
    },
  );
}

async function installedFolders(): Promise<string[]> {
  const found = await Promise.all(
    PLACES.map(async (place) =>
      (await readdir(place).catch(() => []))
        .filter((name) => /^(postgresql@)?\d+$/.test(name))
        .map((name) => join(place, name, 'bin')),
    ),
  );
  return found.flat();
}

async function majorIn(bin: string): Promise<number | undefined> {
  const majors = await Promise.all(
    ['pg_dump', 'pg_restore'].map((program) => majorOfProgram(join(bin, program))),
  );
  return majors[0] === majors[1] ? majors[0] : undefined;
}

async function majorOfProgram(path: string): Promise<number | undefined> {
  const run = execa(path, ['--version'], {
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    extendEnv: false,
    timeout: 20_000,
  });
  const version = /\(PostgreSQL\) (\d+)/.exec((await run.catch(() => undefined))?.stdout ?? '')?.[1];
  return version === undefined ? undefined : majorOf(version);
}
