import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import type { SourceTree } from '../../buildpacks/source.js';

const MAX_READ_BYTES = 1024 * 1024;

/** A view of an unpacked source. Links are entries, never followed: neither at the end of a path nor on the way. */
export function sourceTree(folder: string): SourceTree {
  const root = realpathSync(folder);
  return {
    has: (path) =>
      pathInside(root, path) !== null && lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined,
    read: (path) => readText(root, path),
    list: (path) => listFolder(root, path),
  };
}

/** The absolute path, or null when a folder on the way is a link or the path leaves the root. */
function pathInside(root: string, path: string): string | null {
  const absolute = join(root, path);
  if (absolute !== root && !absolute.startsWith(root + sep)) return null;
  const parent = join(absolute, '..');
  try {
    return absolute === root || realpathSync(parent) === parent ? absolute : null;
  } catch {
    return null;
  }
}

function readText(root: string, path: string): string | null {
  const absolute = pathInside(root, path);
  if (absolute === null) return null;
  let file: number | undefined;
  try {
    file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= MAX_READ_BYTES ? readFileSync(file, 'utf8') : null;
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function listFolder(root: string, path: string): readonly string[] {
  const absolute = pathInside(root, path);
  if (absolute === null || lstatSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(absolute, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}
