import { lstat, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildpackRelease } from '../../../../buildpacks/classic/release.js';
import type { Logger } from '../../../shared/logger.js';
import { isKeptWithSlug } from '../../build/buildpacks.js';
import type { Artifact } from '../../engine.js';
import { unpublish, type BuildFolders } from './folders.js';
import { tryToRemoveTree } from './remove.js';
import type { SlugStore } from './slugs.js';

/** What one running build relies on. */
export interface Using {
  /** Of a layer's key or a slug's id. */
  readonly add: (name: string) => void;
  readonly end: () => void;
}

/** Removes slugs and layers that nothing needs any more; never what a running build has just made or found. */
export class GarbageCollector {
  private readonly builds = new Set<Set<string>>();
  /** What builds used that ended while a collection ran: its list of what to keep may be older than they. */
  private readonly ended = new Set<string>();
  private collecting = 0;

  constructor(
    private readonly folders: BuildFolders,
    private readonly slugs: SlugStore,
    private readonly logger: Logger,
  ) {}

  startUsing(): Using {
    const names = new Set<string>();
    this.builds.add(names);
    return {
      add: (name) => names.add(name),
      end: () => {
        this.builds.delete(names);
        if (this.collecting > 0) for (const name of names) this.ended.add(name);
      },
    };
  }

  /** Resolves to the bytes freed. */
  async collect(keep: readonly Artifact[]): Promise<number> {
    await this.folders.create();
    this.collecting++;
    try {
      const slugs = new Set(keep.map(({ id }) => id));
      const layers = await this.layersOf(keep);
      const freed =
        (await this.removeOthers(this.folders.slugs, slugs)) +
        (await this.removeOthers(this.folders.layers, layers));
      await this.forgetBuilt();
      return freed;
    } finally {
      if (--this.collecting === 0) this.ended.clear();
    }
  }

  /** Once after a start: removes what a collection was cut off in removing, and a build in noting down. */
  async sweep(): Promise<void> {
    for (const folder of [this.folders.slugs, this.folders.layers]) {
      for (const name of await readdir(folder)) {
        if (name.endsWith('.gone')) await tryToRemoveTree(join(folder, name), this.logger);
      }
    }
    for (const name of await readdir(this.folders.built)) {
      const file = join(this.folders.built, name);
      if (name.endsWith('.tmp') || !(await mayStay(file))) await rm(file, { force: true });
    }
  }

  private async layersOf(keep: readonly Artifact[]): Promise<Set<string>> {
    const manifests = await Promise.all(keep.map((artifact) => this.slugs.manifest(artifact)));
    return new Set(manifests.flatMap((manifest) => [...(manifest?.keys ?? []), ...layerKeys(manifest)]));
  }

  private async removeOthers(folder: string, keep: ReadonlySet<string>): Promise<number> {
    let freed = 0;
    for (const name of await readdir(folder)) {
      if (keep.has(name)) continue;
      const bytes = await bytesBelow(join(folder, name));
      if (this.inUse(name)) continue;
      await unpublish(join(folder, name));
      freed += bytes;
    }
    return freed;
  }

  private inUse(name: string): boolean {
    return this.ended.has(name) || [...this.builds].some((names) => names.has(name));
  }

  /** Entries of the index whose slug is gone. */
  private async forgetBuilt(): Promise<void> {
    for (const name of await readdir(this.folders.built)) {
      const file = join(this.folders.built, name);
      const artifact = await readFile(file, 'utf8').then(
        (text) => (JSON.parse(text) as { readonly artifact?: Artifact }).artifact,
        () => undefined,
      );
      if (artifact === undefined || !(await this.slugs.isWhole(artifact))) await rm(file, { force: true });
    }
  }
}

/** An earlier tfkd also noted down what may be secret. */
async function mayStay(file: string): Promise<boolean> {
  try {
    const { release } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly release: BuildpackRelease | null;
    };
    return isKeptWithSlug(release);
  } catch {
    return false;
  }
}

function layerKeys(manifest: { readonly layers: readonly { readonly key: string }[] } | null): string[] {
  return manifest?.layers.map(({ key }) => key) ?? [];
}

/** Bytes that go away with the folder; a file that dynos still share goes when they do. */
async function bytesBelow(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return 0;
  if (!stat.isDirectory()) return stat.nlink > 1 ? 0 : stat.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += await bytesBelow(join(path, name));
  return bytes;
}
