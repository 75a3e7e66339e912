import { createReadStream } from 'node:fs';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import type { TreeEntry } from '../../../shared/tree.js';

/** An entry of a slug, and the file that it is; its path is relative to the app's root. */
export type PlacedEntry = TreeEntry & { readonly from: string };

/** The same slug is packed to the same bytes, whenever that is; tar warns of times before its own. */
const TIME = new Date('2000-01-01T00:00:00Z');

/** The entries as an archive of `./app`, packed while it is read. `ended` is called once, when it was read or given up. */
export function packed(entries: readonly PlacedEntry[], ended: () => void): Readable {
  const archive = pack();
  fill(archive, entries).catch((error: unknown) => archive.destroy(error as Error));
  return pipeline(archive, new PassThrough(), ended);
}

async function fill(archive: Pack, entries: readonly PlacedEntry[]): Promise<void> {
  const folders = new Set(entries.flatMap((entry) => [...parentsOf(entry.path), ...own(entry)]));
  for (const path of ['.', ...[...folders].sort()])
    await add(archive, { name: nameOf(path, '/'), type: 'directory', mode: 0o755 });
  for (const entry of entries) {
    const name = nameOf(entry.path);
    if (entry.type === 'link')
      await add(archive, { name, type: 'symlink', mode: 0o777, linkname: entry.target });
    else if (entry.type === 'file') {
      const mode = entry.executable ? 0o755 : 0o644;
      await flow(createReadStream(entry.from), archive.entry({ ...COMMON, name, mode, size: entry.size }));
    }
  }
  archive.finalize();
}

const COMMON = { mtime: TIME, uid: 0, gid: 0 };

const nameOf = (path: string, end = ''): string => (path === '.' ? './app/' : `./app/${path}${end}`);
const own = ({ type, path }: PlacedEntry): string[] => (type === 'folder' ? [path] : []);

/** `a/b/c`: `a`, `a/b`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function add(archive: Pack, header: Partial<Header> & { readonly name: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ ...COMMON, ...header }, (error) => (error ? reject(error) : resolve()));
  });
}
