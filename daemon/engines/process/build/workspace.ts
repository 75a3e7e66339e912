import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.js';
import { scanTree, type TreeEntry } from '../../../shared/tree.js';
import { layOut, makeParents } from './lay-out.js';
import { inLayer, type Layer, type LayerStore } from './layers.js';

interface LaidOut {
  readonly layer: Layer;
  /** Change time of a file written after the last of the layer's: what is newer was changed by a step. */
  readonly since: bigint;
}

/**
 * The tree that a build's steps work in: the source, with writable copies of the layers. Layers are replaced under the
 * steps' feet (by pruning), so what a step changed inside one (a generated client in node_modules, say) is set aside, and
 * comes back on top.
 */
export class Workspace {
  private readonly laidOut = new Map<string, LaidOut>();
  private readonly removed = new Set<string>();
  private created = false;

  constructor(
    private readonly staging: string,
    private readonly layers: LayerStore,
    private readonly source: { readonly dir: string; readonly entries: readonly TreeEntry[] },
  ) {}

  get tree(): string {
    return join(this.staging, 'tree');
  }

  private get aside(): string {
    return join(this.staging, 'aside');
  }

  /** Makes the tree ready for a step that sees all: source, the layers as they now are, and the changes on top. */
  async prepare(layers: readonly Layer[]): Promise<void> {
    await this.create();
    for (const layer of layers) {
      const before = this.laidOut.get(layer.path);
      if (before?.layer.digest === layer.digest) continue;
      if (before) await this.setAside(before);
      await this.replace(layer);
    }
  }

  /** A step made these folders anew: the layer is now what is in the store, and changes to older ones are void. */
  async forget(path: string): Promise<void> {
    this.laidOut.delete(path);
    for (const gone of [...this.removed]) if (inLayer(gone, path)) this.removed.delete(gone);
    await rm(join(this.aside, path), { recursive: true, force: true });
  }

  /** The tree without its layers, but with what steps changed in them. Nothing runs in the tree after this. */
  async finish(layers: readonly Layer[]): Promise<{ tree: string; removed: string[] }> {
    await this.create();
    for (const { layer, since } of [...this.laidOut.values()]) {
      await this.setAside({ layer, since });
      await rm(join(this.tree, layer.path), { recursive: true, force: true });
    }
    const changed = await scanAside(this.aside);
    await this.bringBack(changed, layers);
    const kept = new Set(layers.flatMap((layer) => layer.entries.map(({ path }) => `${layer.path}/${path}`)));
    return { tree: this.tree, removed: [...this.removed].filter((path) => kept.has(path)).sort() };
  }

  private async create(): Promise<void> {
    if (this.created) return;
    await mkdir(this.tree, { mode: 0o755 });
    await layOut(this.source.entries, { from: this.source.dir, to: this.tree, how: 'copy' });
    this.created = true;
  }

  private async replace(layer: Layer): Promise<void> {
    const folder = join(this.tree, layer.path);
    await rm(folder, { recursive: true, force: true });
    if (layer.present) {
      await mkdir(folder, { recursive: true });
      await layOut(layer.entries, { from: this.layers.contentOf(layer), to: folder, how: 'copy' });
    }
    this.laidOut.set(layer.path, { layer, since: await this.mark() });
    const changed = (await scanAside(this.aside)).filter(({ path }) => inLayer(path, layer.path));
    for (const { path, type } of changed) {
      if (type !== 'folder') await rm(join(this.tree, path), { recursive: true, force: true });
    }
    await copyOver(changed, this.aside, this.tree);
  }

  /** The change time of a file written now. */
  private async mark(): Promise<bigint> {
    const file = join(this.staging, 'mark');
    await rm(file, { force: true });
    await writeFile(file, '');
    return (await lstat(file, { bigint: true })).ctimeNs;
  }

  private async setAside({ layer, since }: LaidOut): Promise<void> {
    const original = new Map(layer.entries.map((entry) => [`${layer.path}/${entry.path}`, entry]));
    const seen = new Set<string>();
    const touched: string[] = [];
    await this.walk(layer.path, since, { seen, touched });
    for (const path of original.keys()) if (!seen.has(path)) this.removed.add(path);
    const suspects = await scanTree(this.tree, { skip: onlyThese(touched) });
    for (const entry of suspects) {
      const before = original.get(entry.path);
      this.removed.delete(entry.path);
      if (entry.type === 'folder' ? before === undefined : !sameEntry(entry, before)) await this.move(entry);
    }
    this.laidOut.delete(layer.path);
  }

  /** Collects all paths below the folder, and those of them that changed since. */
  private async walk(
    folder: string,
    since: bigint,
    found: { readonly seen: Set<string>; readonly touched: string[] },
  ): Promise<void> {
    const children = await readdir(join(this.tree, folder), { withFileTypes: true }).catch(
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      },
    );
    for (const child of children) {
      const path = `${folder}/${child.name}`;
      found.seen.add(path);
      const { ctimeNs } = await lstat(join(this.tree, path), { bigint: true });
      if (ctimeNs > since) found.touched.push(path);
      if (child.isDirectory()) await this.walk(path, since, found);
    }
  }

  private async move(entry: TreeEntry): Promise<void> {
    const target = join(this.aside, entry.path);
    await makeParents(this.aside, [entry.path]);
    if (entry.type === 'folder') await mkdir(target, { recursive: true });
    else {
      await rm(target, { recursive: true, force: true });
      await rename(join(this.tree, entry.path), target);
    }
  }

  private async bringBack(changed: readonly TreeEntry[], layers: readonly Layer[]): Promise<void> {
    const live = changed.filter(({ path }) => layers.some((layer) => inLayer(path, layer.path)));
    await copyOver(live, this.aside, this.tree);
  }
}

/** Entries of other folders are skipped; a parent is entered only on the way to one of the paths. */
function onlyThese(paths: readonly string[]): (path: string, isFolder: boolean) => boolean {
  const wanted = new Set(paths);
  const onTheWay = new Set(
    paths.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))),
  );
  return (path) => !wanted.has(path) && !onTheWay.has(path);
}

function sameEntry(entry: TreeEntry, before: TreeEntry | undefined): boolean {
  if (entry.type === 'file' && before?.type === 'file') {
    return entry.digest === before.digest && entry.executable === before.executable;
  }
  return entry.type === 'link' && before?.type === 'link' && entry.target === before.target;
}

async function scanAside(folder: string): Promise<TreeEntry[]> {
  return scanTree(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
}

/** Files and links into a tree where their folders may or may not be there. */
async function copyOver(entries: readonly TreeEntry[], from: string, to: string): Promise<void> {
  for (const { path } of entries.filter(({ type }) => type === 'folder')) {
    await mkdir(join(to, path), { recursive: true });
  }
  const others = entries.filter(({ type }) => type !== 'folder');
  await makeParents(
    to,
    others.map(({ path }) => path),
  );
  await layOut(others, { from, to, how: 'copy' });
}
