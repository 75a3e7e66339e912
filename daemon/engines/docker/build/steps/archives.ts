import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { extract, pack, type Header, type Pack } from 'tar-stream';
import type { TreeEntry } from '../../../../shared/tree.js';
import { UID } from './container-options.js';

const WHOLE_READ_BYTES = 1024 * 1024;

/** Writes some entries of an archive; all names are relative to the root of the container that gets it. */
export type Part = (archive: Pack) => Promise<void>;

/** An archive of these parts, in order; whoever reads it gets the error of a part that fails. */
export function archiveOf(parts: readonly Part[]): Readable {
  const archive = pack();
  const fill = async () => {
    for (const part of parts) await part(archive);
    archive.finalize();
  };
  fill().catch((error: unknown) => archive.destroy(error as Error));
  // The client takes streams of Node's only, which tar-stream's are not.
  return pipeline(archive, new PassThrough(), () => undefined);
}

/** Entries belong to the app's user and bear the time of the build, so that no cache of a browser outlives a release. */
type Entry = Partial<Header> & { readonly name: string };

const header = (name: string, now: number): Entry => ({
  name,
  uid: UID,
  gid: UID,
  mtime: new Date(now),
});

/** Folders with their parents, which the engine would make root's. */
export function folders(paths: readonly string[], now: number): Part {
  return async (archive) => {
    for (const path of withParents(paths)) {
      await add(archive, { ...header(`${path}/`, now), type: 'directory', mode: 0o755 });
    }
  };
}

export function files(contents: ReadonlyMap<string, Buffer>, now: number, mode = 0o644): Part {
  return async (archive) => {
    for (const [path, content] of contents) await add(archive, { ...header(path, now), mode }, content);
  };
}

/** Entries of a scanned tree, picked or all, below the folder `to`; modes as the embedded engine lays them out. */
export function tree(
  from: string,
  entries: readonly TreeEntry[],
  { to, now }: { readonly to: string; readonly now: number },
): Part {
  return async (archive) => {
    const parents = entries.map(({ path, type }) => below(to, type === 'folder' ? path : parentOf(path)));
    await folders(parents, now)(archive);
    for (const entry of entries) {
      const at = header(below(to, entry.path), now);
      if (entry.type === 'file') await addFile(archive, join(from, entry.path), { entry, at });
      else if (entry.type === 'link') await add(archive, { ...at, ...LINK, linkname: entry.target });
    }
  };
}

const LINK = { type: 'symlink', mode: 0o777 } as const;

async function addFile(
  archive: Pack,
  path: string,
  { entry, at }: { readonly entry: TreeEntry & { type: 'file' }; readonly at: Entry },
): Promise<void> {
  const wanted = { ...at, mode: entry.executable ? 0o755 : 0o644, size: entry.size };
  if (entry.size <= WHOLE_READ_BYTES) await add(archive, wanted, await readFile(path));
  else await flow(createReadStream(path), archive.entry(wanted));
}

export interface Repacking {
  /** The folder in which the engine's archive was taken. */
  readonly to: string;
  readonly now: number;
  readonly keep: (path: string, isFolder: boolean) => boolean;
  /** Told of the bytes of each file that is kept. */
  readonly counted: (bytes: number) => void;
}

/** What the engine's archive of a folder or file holds, as far as it is kept; `read` answers the archive of a path. */
export function repacked(
  path: string,
  read: (path: string) => Promise<Readable>,
  repacking: Omit<Repacking, 'to'>,
): Part {
  return async (archive) => {
    const to = parentOf(path);
    const alone: string[] = [];
    const entries = extract();
    const reading = flow(await read(path), entries);
    const writing = async () => {
      for await (const entry of entries) {
        if (isCut(entry.header, { ...repacking, to })) alone.push(below(to, entry.header.name));
        else await repack(entry.header, entry as unknown as Readable, { archive, ...repacking, to });
        entry.resume();
      }
    };
    await Promise.all([reading, writing()]);
    for (const link of alone) await repacked(link, read, repacking)(archive);
  };
}

/**
 * The engine's archive of `path` as it is, its names counted from the root of the container: relative links may lead out of the
 * folder that an archive is unpacked in only there.
 */
export function fromRoot(path: string, archive: Readable): Part {
  const to = parentOf(path);
  return async (target) => {
    const entries = extract();
    const reading = flow(archive, entries);
    const writing = async () => {
      for await (const entry of entries) {
        const header = movedBelow(to, entry.header);
        if (header.type === 'file') await flow(entry as unknown as Readable, target.entry(header));
        else await add(target, header);
        entry.resume();
      }
    };
    await Promise.all([reading, writing()]);
  };
}

/** An entry of the engine's archive, under its name counted from the root; `to` is the folder in which the archive was taken. */
export function movedBelow(to: string, header: Header): Header {
  const { name, type, linkname } = header;
  const link = type === 'link' ? { linkname: below(to, linkname) } : {};
  return { ...header, name: below(to, name), ...link, pax: otherRecords(header.pax) };
}

/** Without what the header itself says: written again, these records would go before it. */
function otherRecords(pax: Header['pax']): Header['pax'] {
  const others = Object.entries(pax ?? {}).filter(([key]) => !['path', 'linkpath', 'size'].includes(key));
  return others.length === 0 ? null : Object.fromEntries(others);
}

/** A further name of a file whose first one, with the content, is not kept. */
function isCut({ name, type, linkname }: Header, { to, keep }: Repacking): boolean {
  return type === 'link' && keep(below(to, name), false) && !keep(below(to, linkname), false);
}

async function repack(
  { name, type, mode, size, linkname }: Header,
  content: Readable,
  { archive, to, now, keep, counted }: Repacking & { readonly archive: Pack },
): Promise<void> {
  const path = below(to, name.replace(/\/$/, ''));
  if (!keep(path, type === 'directory')) return;
  const at = header(path, now);
  switch (type) {
    case 'directory':
      return add(archive, { ...at, name: `${path}/`, type, mode: 0o755 });
    case 'symlink':
      return add(archive, { ...at, ...LINK, linkname });
    case 'link':
      return add(archive, { ...at, type, linkname: below(to, linkname) });
    case 'file':
    case 'contiguous-file': {
      counted(size);
      const entry = archive.entry({ ...at, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, size });
      return flow(content, entry);
    }
    // Devices and sockets cannot be in a slug.
    default:
      return;
  }
}

function add(archive: Pack, wanted: Entry, content: Buffer | string = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(wanted, content, (error) => (error ? reject(error) : resolve()));
  });
}

/** `a/b` and `c`: `a`, `a/b`, `c`. */
function withParents(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => {
    const parts = path.split('/');
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(all)];
}

export const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/');

export function below(folder: string, path: string): string {
  if (folder === '' || path === '') return folder + path;
  return `${folder}/${path}`;
}
