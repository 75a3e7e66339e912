import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimited, scanTree, treeDigest, treeSize, type TreeEntry } from '../../../shared/tree.js';
import { publish, type BuildFolders } from './folders.js';

/** One folder which a step made, e.g. `node_modules`, as it is shared read-only by slugs and dynos. */
export interface Layer {
  readonly key: string;
  /** Relative to the app's root. */
  readonly path: string;
  /** Hash of its content. */
  readonly digest: string;
  readonly size: number;
  /** Relative to the layer's folder; empty where the step made none. */
  readonly entries: readonly TreeEntry[];
  /** The folder of its files, in the folder of its key. */
  readonly place: string;
  /** False where the step left no such folder. */
  readonly present: boolean;
}

/** `<layers>/<key>/layer.json` and, per folder, `<layers>/<key>/<n>/`: whole or not there at all. */
export class LayerStore {
  constructor(private readonly folders: BuildFolders) {}

  /** The layers a step left under its key, or null. */
  async find(key: string): Promise<Layer[] | null> {
    try {
      return JSON.parse(await readFile(join(this.folderOf(key), 'layer.json'), 'utf8')) as Layer[];
    } catch {
      return null;
    }
  }

  async has(key: string): Promise<boolean> {
    return (await stat(join(this.folderOf(key), 'layer.json')).catch(() => null)) !== null;
  }

  /** The folder whose entries are the layer's. */
  contentOf(layer: Layer): string {
    return join(this.folderOf(layer.key), layer.place);
  }

  /**
   * Moves the folders out of `tree`, where a step left them, and keeps them under the key; without a key, under the hash of
   * their content. `staging` is a fresh name on the same file system.
   */
  async keep(
    tree: string,
    paths: readonly string[],
    { key, staging }: { readonly key: string | null; readonly staging: string },
  ): Promise<Layer[]> {
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const made: Omit<Layer, 'key'>[] = [];
    for (const [index, path] of paths.entries()) {
      made.push(await take(path, { from: join(tree, path), staging, place: String(index) }));
    }
    const contents = JSON.stringify(made.map(({ path, digest, present }) => [path, digest, present]));
    const name = key ?? createHash('sha256').update(contents).digest('hex');
    const layers = made.map((layer) => ({ ...layer, key: name }));
    await writeFile(join(staging, 'layer.json'), JSON.stringify(layers));
    await publish(staging, this.folderOf(name));
    return (await this.find(name)) ?? layers;
  }

  folderOf(key: string): string {
    return join(this.folders.layers, key);
  }
}

async function take(
  path: string,
  { from, staging, place }: { readonly from: string; readonly staging: string; readonly place: string },
): Promise<Omit<Layer, 'key'>> {
  const to = join(staging, place);
  const found = await lstat(from).catch(() => null);
  const present = found?.isDirectory() === true;
  if (present) await rename(from, to);
  else await mkdir(to);
  const entries = await scanTree(to);
  await mapLimited(entries, 16, async (entry) => {
    if (entry.type === 'file') await chmod(join(to, entry.path), entry.executable ? 0o555 : 0o444);
  });
  return { path, digest: treeDigest(entries), size: treeSize(entries), entries, present, place };
}

/** Is the path the layer's folder, or below it? */
export function inLayer(path: string, layerPath: string): boolean {
  return path === layerPath || path.startsWith(`${layerPath}/`);
}
