import { createHash } from 'node:crypto';
import { chown, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pack } from 'tar-fs';
import type { Artifact, BuildRequest, BuildResult } from '../../daemon/engines/engine.js';
import type { SlugBuilder, SlugLaunch, SlugOwner } from '../../daemon/engines/process/builder.js';
import { newId } from '../../daemon/shared/ids.js';

/** A builder for tests of dynos: its slug is the source as it stands, its plan's steps are not run. */
export class CopyingBuilder implements SlugBuilder {
  constructor(private readonly slugsDir: string) {}

  async recover(): Promise<void> {
    // What it makes is there whole or not at all.
  }

  async runtimeOf(): Promise<string> {
    return 'none';
  }

  async purgeCache(): Promise<void> {
    // It keeps no caches.
  }

  async build({ plan, sourceDir }: BuildRequest): Promise<BuildResult> {
    const fresh = join(this.slugsDir, newId());
    await mkdir(fresh, { recursive: true });
    await cp(sourceDir, join(fresh, 'app'), { recursive: true, verbatimSymlinks: true });
    await writeFile(join(fresh, 'path'), JSON.stringify(plan.launchPath));
    const id = await hashOf(fresh);
    await rm(join(this.slugsDir, id), { recursive: true, force: true });
    await rename(fresh, join(this.slugsDir, id));
    return { ok: true, artifact: { engine: 'process', id, size: 1 }, image: null };
  }

  async hasArtifact(artifact: Artifact): Promise<boolean> {
    return stat(join(this.slugsDir, artifact.id)).then(
      () => true,
      () => false,
    );
  }

  async pack({ id }: Artifact): Promise<Readable> {
    return pack(join(this.slugsDir, id, 'app'), {
      map: (header) => ({ ...header, name: `./app/${header.name}` }),
    }) as unknown as Readable;
  }

  async collectGarbage(keep: readonly Artifact[]): Promise<number> {
    const kept = new Set(keep.map(({ id }) => id));
    for (const id of await readdir(this.slugsDir)) {
      if (!kept.has(id)) await rm(join(this.slugsDir, id), { recursive: true });
    }
    return 0;
  }

  async materialise(artifact: Artifact, targetDir: string, owner?: SlugOwner): Promise<SlugLaunch> {
    const slug = join(this.slugsDir, artifact.id);
    await cp(join(slug, 'app'), targetDir, { recursive: true, verbatimSymlinks: true });
    if (owner) await chownAll(targetDir, owner);
    return { path: JSON.parse(await readFile(join(slug, 'path'), 'utf8')) as string[] };
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).map((name) => join(folder, name)).sort();
}

async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await entriesOf(folder)) {
    hash.update(path.slice(folder.length));
    if ((await stat(path)).isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
}

async function chownAll(folder: string, { uid, gid }: SlugOwner): Promise<void> {
  for (const path of [folder, ...(await entriesOf(folder))]) await chown(path, uid, gid);
}
