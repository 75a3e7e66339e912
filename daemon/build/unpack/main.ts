/**
 * A program of its own: unpacks one source tarball into one folder, or refuses it. It runs with an empty environment and
 * little memory, since archives are hostile input and their parsers have been crashed before; all that tfkd takes from it
 * is the exit code (0 only for a whole tree) and one line of JSON. Its stdin is a pipe that nobody writes to; it ends with it.
 *
 *     node unpack/main.js <tarball> <existing empty folder> <UnpackLimits as JSON>
 */
import { unpackArchive } from './archive.js';
import { Refusal } from './refusal.js';
import type { UnpackLimits, UnpackReport } from './report.js';

const [tarball = '', folder = '', limitsJson = '{}'] = process.argv.slice(2);
const limits = JSON.parse(limitsJson) as UnpackLimits;

process.umask(0o022);
process.on('uncaughtException', (error) => end(reportOf(error)));
setTimeout(() => {
  end({ ok: false, refused: true, message: `unpacking took more than ${limits.milliseconds / 1000} s` });
}, limits.milliseconds).unref();
// Whoever waits for the tree has died, and the next tfkd removes it: nothing may be added to it after that.
process.stdin
  .resume()
  .on('error', () => process.exit(1))
  .on('end', () => process.exit(1));

try {
  end({ ok: true, files: await unpackArchive(tarball, folder, limits) });
} catch (error) {
  end(reportOf(error));
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
