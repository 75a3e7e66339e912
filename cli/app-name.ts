import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from './errors.js';
import { appOfUrl, remotesIn } from './git/remotes.js';

/** What names the app: an option, the environment, a folder's `.tfk/app` or its git remote. */
export interface AppChoice {
  readonly name: string;
  readonly from: 'option' | 'environment' | 'folder' | 'remote';
  /** The folder that holds `.tfk/app`, for `folder`. */
  readonly folder?: string;
}

export interface AppSources {
  readonly option: string | undefined;
  readonly environment: string | undefined;
  readonly folder: string;
}

/** Null when nothing names one. */
export function chooseApp({ option, environment, folder }: AppSources): AppChoice | null {
  if (option !== undefined) return { name: option, from: 'option' };
  if (environment !== undefined) return { name: environment, from: 'environment' };
  return inFolders(folder) ?? inGitRemotes(folder);
}

export function requiredApp(sources: AppSources): AppChoice {
  const choice = chooseApp(sources);
  if (choice) return choice;
  throw new UsageError(
    'Which app? This folder belongs to none yet.',
    'Type: -a NAME (tfk apps lists them), or export TFK_APP=NAME, or tfk push to make this folder an app.',
  );
}

/** Ties a folder to an app; git leaves the note alone. */
export async function linkFolder(folder: string, app: string): Promise<void> {
  const own = join(folder, '.tfk');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, '.gitignore'), '*\n');
  await writeFile(join(own, 'app'), `${app}\n`);
}

/** Unties a folder from `app`; one that is tied to another app stays as it is. */
export async function unlinkFolder(folder: string, app: string): Promise<void> {
  const note = join(folder, '.tfk', 'app');
  const linked = await readFile(note, 'utf8').catch(() => '');
  if (linked.trim() === app) await rm(note, { force: true });
}

/** The nearest `.tfk/app`, in this folder or one above it. `~/.tfk` is tfk's own home, and has no such file. */
function inFolders(folder: string): AppChoice | null {
  for (const candidate of upwards(folder)) {
    const name = firstLine(join(candidate, '.tfk', 'app'));
    if (name !== null) return { name, from: 'folder', folder: candidate };
  }
  return null;
}

/** A remote of the nearest repository. */
function inGitRemotes(folder: string): AppChoice | null {
  for (const candidate of upwards(folder)) {
    const config = join(candidate, '.git', 'config');
    if (!existsSync(config)) continue;
    const name = remoteApp(readFileSync(config, 'utf8'));
    return name === null ? null : { name, from: 'remote' };
  }
  return null;
}

/**
 * The app of the remote named `tfk`, wherever it leads; else the one that all remotes to a tfkd on this machine agree on, as
 * `heroku git:remote` writes them.
 */
export function remoteApp(gitConfig: string): string | null {
  const remotes = remotesIn(gitConfig);
  const named = remotes.find(({ name }) => name === 'tfk');
  if (named) return /([a-z0-9-]+)(?:\.git)?\/?$/.exec(named.url)?.[1] ?? null;
  const apps = new Set(remotes.map(({ url }) => appOfUrl(url)).filter((app) => app !== null));
  return apps.size === 1 ? ([...apps][0] ?? null) : null;
}

function* upwards(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

function firstLine(file: string): string | null {
  try {
    const line = readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
    return line === '' ? null : line;
  } catch {
    return null;
  }
}
