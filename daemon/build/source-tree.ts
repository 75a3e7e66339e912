import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { join, sep } from 'node:path';
import type { SourceTree } from '../../buildpacks/source.js';

const MAX_READ_BYTES = 1024 * 1024;

/**
 * A view of an unpacked source. Links are entries: a folder behind one is not looked into. Only what is read may be a link, to a
 * file of the same source, such as `requirements.txt` to `requirements/production.txt`.
 */
export function sourceTree(folder: string): SourceTree {
  const root = realpathSync(folder);
  return {
    has: (path) => statInside(root, path) !== undefined,
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

/** Undefined where nothing is, and for what no file can be called: sources name paths of any length, with any character. */
function statInside(root: string, path: string): Stats | undefined {
  try {
    return pathInside(root, path) === null ? undefined : lstatSync(join(root, path));
  } catch {
    return undefined;
  }
}

function readText(root: string, path: string): string | null {
  const absolute = pathInside(root, path);
  if (absolute === null) return null;
  let file: number | undefined;
  try {
    const real = realpathSync(absolute);
    if (!real.startsWith(root + sep)) return null;
    file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    return stat.isFile() && stat.size <= MAX_READ_BYTES ? readFileSync(file, 'utf8') : null;
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function listFolder(root: string, path: string): readonly string[] {
  if (statInside(root, path)?.isDirectory() !== true) return [];
  return readdirSync(join(root, path), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}
