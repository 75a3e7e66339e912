import { randomUUID } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';
import { removeTree } from './remove.js';

/** Where the embedded engine keeps what builds make; all on one file system, so that a rename is enough to publish. */
export class BuildFolders {
  readonly slugs: string;
  readonly layers: string;
  /** Inputs of a build → the slug that came of them. */
  readonly built: string;
  readonly staging: string;
  private readonly apps: string;

  constructor(home: string) {
    this.slugs = join(home, 'slugs');
    this.layers = join(home, 'cache', 'layers');
    this.built = join(home, 'cache', 'built');
    this.apps = join(home, 'cache', 'apps');
    this.staging = join(home, 'cache', 'staging');
  }

  async create(): Promise<void> {
    for (const folder of [this.slugs, this.layers, this.built, this.apps, this.staging]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
  }

  /** A folder kept between an app's builds, e.g. npm's downloads. */
  async cacheOf(appId: string, name: string): Promise<string> {
    const folder = join(this.apps, safeName(appId), safeName(name));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async forgetCaches(appId: string): Promise<void> {
    await removeTree(join(this.apps, safeName(appId)));
  }

  /** An empty folder for one build; what an earlier one left under this name is removed, or set aside where it cannot be. */
  async stagingOf(name: string): Promise<string> {
    const folder = join(this.staging, safeName(name));
    await removeTree(folder).catch(() => rename(folder, goneName(folder)));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
}

/** Makes a finished folder appear under its name at once; if there is one already, that one stays. */
export async function publish(finished: string, target: string): Promise<void> {
  try {
    await rename(finished, target);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    await removeTree(finished);
  }
}

/** Makes a published folder disappear at once: it is renamed before its files go one by one. */
export async function unpublish(folder: string): Promise<void> {
  const doomed = goneName(folder);
  await rename(folder, doomed);
  await removeTree(doomed);
}

const goneName = (folder: string): string => `${folder}.${randomUUID()}.gone`;

function safeName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  throw new Error(`not fit for a folder name: ${JSON.stringify(name)}`);
}
