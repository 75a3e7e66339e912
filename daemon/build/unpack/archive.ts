import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { PassThrough, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { BlockGuard } from './block-guard.js';
import { Refusal } from './refusal.js';
import type { UnpackLimits } from './report.js';
import { TreeWriter, type ArchiveEntry } from './tree-writer.js';

/**
 * Unpacks a .tar or .tar.gz into an empty folder; answers the number of files. Rejects with a Refusal, or with whatever a
 * parser or the system threw; the folder then holds a part, and is to be removed.
 */
export async function unpackArchive(tarball: string, folder: string, limits: UnpackLimits): Promise<number> {
  const writer = new TreeWriter(folder, limits.bytes);
  const unzip = decompressor(tarball);
  const packed = createReadStream(tarball);
  const guard = new BlockGuard({
    bytes: limits.bytes,
    entries: limits.entries,
    packedBytes: () => packed.bytesRead,
  });
  const entries = extract();
  const piped = pipeline(packed, unzip, guard, entries);
  // Both fail when one does; the pipeline's error is the cause, the loop's may be its echo.
  const written = (async () => {
    // Its types say nothing of what an entry's stream yields.
    for await (const entry of entries as unknown as AsyncIterable<ArchiveEntry>) await writer.write(entry);
  })();
  const [flow, tree] = await Promise.allSettled([piped, written]);
  const failures = [tree, flow].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (failures.length > 0) throw failures.find((failure) => failure instanceof Refusal) ?? failures[0];
  return writer.finish();
}

function decompressor(tarball: string): Duplex {
  const magic = Buffer.alloc(6);
  const file = openSync(tarball, 'r');
  readSync(file, magic, 0, magic.length, 0);
  closeSync(file);
  if (magic[0] === 0x1f && magic[1] === 0x8b) return createGunzip();
  if (magic.readUInt32LE(0) === 0xfd2fb528 || magic.toString('latin1') === '\xFD7zXZ\0') {
    throw new Refusal('it is packed with zstd or xz: only .tar and .tar.gz are taken');
  }
  return new PassThrough();
}
