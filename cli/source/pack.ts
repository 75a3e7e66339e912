import { pipeline, type Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { messageOf, UserError } from '../errors.js';
import type { SourceTree } from './scan.js';

/** Time matters more than size on one machine. */
const FASTEST = 1;

/** The tree as a gzipped tarball, packed while it is read. Owners are left out; file modes and times stay. */
export async function pack(tree: SourceTree): Promise<Readable> {
  const { default: tar } = await import('tar-fs');
  const tarball = tar.pack(tree.folder, {
    entries: tree.files.map((file) => file.path),
    map: (header) => ({ ...header, uid: 0, gid: 0, uname: '', gname: '' }),
  });
  const gzip = createGzip({ level: FASTEST });
  tarball.on('error', (error) => gzip.destroy(changed(tree, error)));
  pipeline(tarball, gzip, () => undefined);
  return gzip;
}

function changed(tree: SourceTree, cause: Error): UserError {
  return new UserError(
    `${tree.folder} could not be packed: ${messageOf(cause)}. Did a file change meanwhile?`,
    {
      hint: 'Push again. Nothing was built.',
      cause,
    },
  );
}
