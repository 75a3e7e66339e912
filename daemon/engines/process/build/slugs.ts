import { createHash } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TfkError } from '../../../shared/errors.js';
import { treeDigest, treeSize, type TreeEntry } from '../../../shared/tree.js';
import type { Artifact } from '../../engine.js';
import type { SlugLaunch, SlugOwner } from '../builder.js';
import { publish, type BuildFolders } from './folders.js';
import { layOut, makeParents } from './lay-out.js';
import type { Layer, LayerStore } from './layers.js';
import type { PlacedEntry } from './pack.js';

/** `<slugs>/<id>/manifest.json`, beside the slug's own files in `tree/`. */
export interface SlugManifest {
  readonly version: 1;
  readonly launch: SlugLaunch;
  readonly size: number;
  /** The slug's own files: what no layer holds. */
  readonly tree: readonly TreeEntry[];
  readonly layers: readonly { readonly key: string; readonly path: string; readonly digest: string }[];
  /** Files of layers which this slug has not. */
  readonly removed: readonly string[];
  /** Keys of all layers its build used: kept as long as the slug, so that the next build finds them. */
  readonly keys: readonly string[];
}

export interface NewSlugContent {
  readonly tree: string;
  readonly entries: readonly TreeEntry[];
  readonly layers: readonly Layer[];
  readonly removed: readonly string[];
  readonly keys: readonly string[];
  readonly launch: SlugLaunch;
}

/** The slugs on disk: content-addressed, written once, whole or not there. */
export class SlugStore {
  constructor(
    private readonly folders: BuildFolders,
    private readonly layers: LayerStore,
  ) {}

  /** Keeps a finished tree (it is moved) as a slug. */
  async keep(content: NewSlugContent, staging: string): Promise<Artifact> {
    const { entries, launch, removed, keys } = content;
    const layers = content.layers
      .filter(({ present }) => present)
      .map(({ key, path, digest }) => ({ key, path, digest }));
    const size = slugSize(content);
    const identity = [
      1,
      treeDigest(entries),
      layers.map(({ path, digest }) => [path, digest]),
      removed,
      launch,
    ];
    const id = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
    const artifact: Artifact = { engine: 'process', id, size };
    if (await this.isWhole(artifact)) return artifact;
    const manifest: SlugManifest = { version: 1, launch, size, tree: entries, layers, removed, keys };
    await mkdir(staging, { mode: 0o700 });
    await rename(content.tree, join(staging, 'tree'));
    await writeFile(join(staging, 'manifest.json'), JSON.stringify(manifest));
    await rm(this.folderOf(artifact), { recursive: true, force: true });
    await publish(staging, this.folderOf(artifact));
    return artifact;
  }

  async manifest(artifact: Artifact): Promise<SlugManifest | null> {
    if (artifact.engine !== 'process' || !/^[0-9a-f]{64}$/.test(artifact.id)) return null;
    try {
      return JSON.parse(
        await readFile(join(this.folderOf(artifact), 'manifest.json'), 'utf8'),
      ) as SlugManifest;
    } catch {
      return null;
    }
  }

  /** Are the slug and all layers it names there? */
  async isWhole(artifact: Artifact): Promise<boolean> {
    const manifest = await this.manifest(artifact);
    if (manifest === null) return false;
    const there = await Promise.all(manifest.layers.map(({ key }) => this.layers.has(key)));
    return there.every(Boolean);
  }

  /** As SlugBuilder.materialise. */
  async layOut(artifact: Artifact, target: string, owner: SlugOwner | undefined): Promise<SlugLaunch> {
    const manifest = await this.manifest(artifact);
    if (manifest === null) throw gone(artifact);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { mode: 0o700 });
    const from = join(this.folderOf(artifact), 'tree');
    for (const layer of manifest.layers) await this.layOutLayer(layer, { manifest, target, owner, artifact });
    await layOut(manifest.tree, { from, to: target, how: 'copy', owner });
    if (owner) await chown(target, owner.uid, owner.gid);
    return manifest.launch;
  }

  /** All that is in the slug, with where it lies; a folder may be named twice. Rejects with a TfkError when the slug is gone. */
  async files(artifact: Artifact): Promise<PlacedEntry[]> {
    const manifest = await this.manifest(artifact);
    if (manifest === null) throw gone(artifact);
    const placed: PlacedEntry[] = [];
    for (const part of manifest.layers) {
      const { layer, entries } = await this.layerOf(part, manifest, artifact);
      placed.push({ type: 'folder', path: part.path, from: '' });
      for (const entry of entries) {
        const from = join(this.layers.contentOf(layer), entry.path);
        placed.push({ ...entry, path: `${part.path}/${entry.path}`, from });
      }
    }
    const own = join(this.folderOf(artifact), 'tree');
    return [...placed, ...manifest.tree.map((entry) => ({ ...entry, from: join(own, entry.path) }))];
  }

  private async layerOf(
    { key, path }: SlugManifest['layers'][number],
    manifest: SlugManifest,
    artifact: Artifact,
  ): Promise<{ readonly layer: Layer; readonly entries: readonly TreeEntry[] }> {
    const layer = (await this.layers.find(key))?.find((found) => found.path === path);
    if (layer === undefined) throw gone(artifact);
    const hidden = new Set([
      ...manifest.removed,
      ...manifest.tree.filter((e) => e.type !== 'folder').map((e) => e.path),
    ]);
    return { layer, entries: layer.entries.filter((entry) => !hidden.has(`${path}/${entry.path}`)) };
  }

  private async layOutLayer(
    part: SlugManifest['layers'][number],
    place: { manifest: SlugManifest; target: string; owner: SlugOwner | undefined; artifact: Artifact },
  ): Promise<void> {
    const { path } = part;
    const { manifest, target, owner, artifact } = place;
    const { layer, entries } = await this.layerOf(part, manifest, artifact);
    const folder = join(target, path);
    await makeParents(target, [path]);
    await mkdir(folder, { recursive: true });
    // Root could write into a shared file whatever its mode, so root's own dynos get copies.
    const how = owner === undefined && process.getuid?.() === 0 ? 'copy' : 'link';
    await layOut(entries, { from: this.layers.contentOf(layer), to: folder, how, owner });
    if (owner) await chown(folder, owner.uid, owner.gid);
  }

  folderOf(artifact: Artifact): string {
    return join(this.folders.slugs, artifact.id);
  }
}

export function slugSize({ entries, layers }: Pick<NewSlugContent, 'entries' | 'layers'>): number {
  return layers.reduce((sum, layer) => sum + layer.size, treeSize(entries));
}

function gone(artifact: Artifact): TfkError {
  return new TfkError('gone', `The slug ${artifact.id.slice(0, 12)} is no longer on this machine.`, {
    hint: 'Push the app again, or roll back to a release whose slug is still there.',
  });
}
