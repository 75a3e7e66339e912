/**
 * A program of its own: unpacks one source tarball into one folder, or refuses it. It runs with an empty environment and
 * little memory, since archives are hostile input and their parsers have been crashed before; all that tfkd takes from it
 * is the exit code (0 only for a whole tree) and one line of JSON.
 *
 *     node unpack/main.js <tarball> <existing empty folder> <UnpackLimits as JSON>
 */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { PassThrough, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { BlockGuard } from './block-guard.js';
import { Refusal } from './refusal.js';
import type { UnpackLimits, UnpackReport } from './report.js';
import { TreeWriter, type ArchiveEntry } from './tree-writer.js';

const [tarball = '', folder = '', limitsJson = '{}'] = process.argv.slice(2);
const limits = JSON.parse(limitsJson) as UnpackLimits;

process.umask(0o022);
process.on('uncaughtException', (error) => end(reportOf(error)));
setTimeout(() => {
  end({ ok: false, refused: true, message: `unpacking took more than ${limits.milliseconds / 1000} s` });
}, limits.milliseconds).unref();

try {
  end({ ok: true, files: await unpack() });
} catch (error) {
  end(reportOf(error));
}

async function unpack(): Promise<number> {
  const writer = new TreeWriter(folder, limits.bytes);
  const packed = createReadStream(tarball);
  const guard = new BlockGuard({
    bytes: limits.bytes,
    entries: limits.entries,
    packedBytes: () => packed.bytesRead,
  });
  const entries = extract();
  const piped = pipeline(packed, decompressor(), guard, entries);
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

function decompressor(): Duplex {
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

function reportOf(error: unknown): UnpackReport {
  if (error instanceof Refusal) return { ok: false, refused: true, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const ours = ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(
    code,
  );
  if (ours) return { ok: false, refused: false, message };
  return { ok: false, refused: true, message: `it is no readable tar archive (${message})` };
}

function end(report: UnpackReport): never {
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(report.ok ? 0 : 1);
}
