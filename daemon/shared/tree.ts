import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What lies at a path of a folder tree; paths are relative, with `/`. */
export type TreeEntry =
  | {
      readonly type: 'file';
      readonly path: string;
      readonly executable: boolean;
      readonly size: number;
      /** Hex SHA-256 of the content. */
      readonly digest: string;
    }
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

export interface ScanOptions {
  /** Leaves out an entry, and what lies below it. */
  readonly skip?: (path: string, isFolder: boolean) => boolean;
}

const WHOLE_READ_BYTES = 1024 * 1024;
const READERS = 8;

/**
 * Everything below a folder, sorted by path, links as links. Devices, FIFOs and sockets are left out: they can be neither
 * hashed nor copied. Rejects when the tree changes while it is read.
 */
export async function scanTree(root: string, options: ScanOptions = {}): Promise<TreeEntry[]> {
  const found: { path: string; kind: 'file' | 'folder' | 'link' }[] = [];
  const skip = options.skip ?? (() => false);
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const child of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? child.name : `${folder}/${child.name}`;
      if (skip(path, child.isDirectory())) continue;
      if (child.isDirectory()) {
        found.push({ path, kind: 'folder' });
        folders.push(path);
      } else if (child.isSymbolicLink()) found.push({ path, kind: 'link' });
      else if (child.isFile()) found.push({ path, kind: 'file' });
    }
  }
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  return mapLimited(found, READERS, ({ path, kind }) => describe(root, path, kind));
}

/** One hash for a scanned tree: the same names, exec bits, link targets and contents give the same, whatever the times. */
export function treeDigest(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries) hash.update(`${JSON.stringify(canonical(entry))}\n`);
  return hash.digest('hex');
}

/** Bytes of all files. */
export function treeSize(entries: readonly TreeEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
}

/** Maps in order, with at most `limit` at once; the first failure stops it. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const remaining = items.entries();
  const worker = async () => {
    for (const [index, item] of remaining) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

function canonical(entry: TreeEntry): readonly (string | boolean)[] {
  if (entry.type === 'file') return ['file', entry.path, entry.executable, entry.digest];
  return entry.type === 'link' ? ['link', entry.path, entry.target] : ['folder', entry.path];
}

async function describe(root: string, path: string, kind: 'file' | 'folder' | 'link'): Promise<TreeEntry> {
  const absolute = join(root, path);
  if (kind === 'folder') return { type: 'folder', path };
  if (kind === 'link') return { type: 'link', path, target: await readlink(absolute) };
  const { mode, size } = await lstat(absolute);
  const digest = await digestOf(absolute, size);
  return { type: 'file', path, executable: (mode & 0o111) !== 0, size, digest };
}

async function digestOf(path: string, size: number): Promise<string> {
  const hash = createHash('sha256');
  if (size <= WHOLE_READ_BYTES) return hash.update(await readFile(path)).digest('hex');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
