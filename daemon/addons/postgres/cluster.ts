import { execa } from 'execa';
import { appendFile, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TfkError } from '../../shared/errors.js';
import type { Owner } from '../servers/owner.js';
import type { ServerFolder } from '../servers/place.js';
import type { Binaries } from './binaries.js';
import { rolesSql, type Roles } from './roles.js';

export interface ClusterTools {
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
  readonly signal?: AbortSignal;
}

/** Where a cluster is made; it becomes `data` when it is whole. */
export const unfinishedIn = ({ path }: ServerFolder): string => join(path, 'data.unfinished');

const INITDB_LIMIT_MS = 3 * 60_000;

/**
 * Makes `folder.data` with the roles and their database in it, whole or not at all. The superuser has no password and no way in:
 * pg_hba.conf knows the roles only. `unfinishedIn(folder)` must be there, empty and the owner's.
 */
export async function createCluster(folder: ServerFolder, roles: Roles, tools: ClusterTools): Promise<void> {
  const unfinished = unfinishedIn(folder);
  await run('initdb', initdbArguments(unfinished), tools);
  await appendFile(join(unfinished, 'postgresql.conf'), "\ninclude_if_exists '../tfk.conf'\n");
  await inSingleUserMode(unfinished, tools, [
    ...(await rolesSql(roles)),
    `CREATE DATABASE "${roles.names.database}" OWNER "${roles.names.user}";`,
  ]);
  await rename(unfinished, folder.data);
  await syncFolder(folder.path);
}

/** Makes the roles where they are not, and gives each its password. The server must not run. */
export async function setRoles(folder: ServerFolder, roles: Roles, tools: ClusterTools): Promise<void> {
  await inSingleUserMode(folder.data, tools, await rolesSql(roles));
}

/** The major version that made the data, or undefined when there is none. */
export async function majorOfData(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** ICU's collation, so that text sorts the same whatever locales the machine has; checksums, so that a bad disk is noticed. */
function initdbArguments(data: string): readonly string[] {
  return [
    `--pgdata=${data}`,
    '--username=tfk',
    '--auth=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=icu',
    '--icu-locale=en-US',
    '--data-checksums',
  ];
}

/** The SQL goes in by stdin: arguments can be read by everyone on the machine. */
async function inSingleUserMode(
  data: string,
  tools: ClusterTools,
  statements: readonly string[],
): Promise<void> {
  const settings = ['exit_on_error=on', 'logging_collector=off', 'log_min_error_statement=panic'];
  const argv = ['--single', '-D', data, ...settings.flatMap((setting) => ['-c', setting]), 'postgres'];
  await run('postgres', argv, tools, `${statements.join('\n')}\n`);
}

async function run(program: string, argv: readonly string[], tools: ClusterTools, input = ''): Promise<void> {
  try {
    await execa(join(tools.binaries.bin, program), argv, {
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      extendEnv: false,
      input,
      timeout: INITDB_LIMIT_MS,
      ...(tools.owner ?? {}),
      ...(tools.signal ? { cancelSignal: tools.signal } : {}),
    });
  } catch (error) {
    tools.signal?.throwIfAborted();
    throw notMade(program, error);
  }
}

function notMade(program: string, error: unknown): TfkError {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const told = stderr.split('\n').filter((line) => /(error|fatal|panic|detail|hint):/i.test(line));
  const reason = told.length > 0 ? told.slice(0, 3).join('; ') : messageOf(error).split('\n', 1).join('');
  const full = /no space left/i.test(stderr);
  return new TfkError(
    full ? 'insufficient_storage' : 'unavailable',
    `PostgreSQL's ${program} could not make the database: ${reason}`,
    full ? { hint: 'Free 100 MB of disk and run the command again.' } : {},
  );
}

/** So that the new name is still there after a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/** What a killed `createCluster` left. */
export async function removeUnfinished(folder: ServerFolder): Promise<void> {
  await rm(unfinishedIn(folder), { recursive: true, force: true });
}
