import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildpackRelease } from '../../../../buildpacks/classic/release.js';
import { writeFileAtomic } from '../../../shared/atomic-file.js';
import { isKeptWithSlug } from '../../build/buildpacks.js';
import type { Artifact } from '../../engine.js';
import type { BuildFolders } from './folders.js';
import type { SlugStore } from './slugs.js';

/** What one set of inputs came to. */
export interface Built {
  readonly artifact: Artifact;
  readonly release: BuildpackRelease | null;
}

/** By the hash of their inputs, so that the same is not built twice. */
export class KnownBuilds {
  constructor(
    private readonly folders: BuildFolders,
    private readonly slugs: SlugStore,
  ) {}

  async remember(inputs: string, { artifact, release }: Built): Promise<void> {
    if (isKeptWithSlug(release))
      await writeFileAtomic(this.fileOf(inputs), JSON.stringify({ artifact, release }));
  }

  /** Of a slug that is still whole. `uses` keeps it from the collection of garbage, and is told before the look. */
  async find(inputs: string, uses: (key: string) => void): Promise<Built | null> {
    try {
      const built = JSON.parse(await readFile(this.fileOf(inputs), 'utf8')) as Built;
      const { artifact } = built;
      uses(artifact.id);
      for (const key of (await this.slugs.manifest(artifact))?.keys ?? []) uses(key);
      return (await this.slugs.isWhole(artifact)) ? built : null;
    } catch {
      return null;
    }
  }

  private fileOf(inputs: string): string {
    return join(this.folders.built, inputs);
  }
}
