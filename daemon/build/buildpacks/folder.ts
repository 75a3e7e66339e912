import { cp, lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { UnpackLimits } from '../unpack/report.js';

const isThere = (folder: string, path: string): Promise<boolean> =>
  lstat(join(folder, path)).then(
    () => true,
    () => false,
  );

/** Servers pack a repository with a folder around it. */
export async function rootOf(unpacked: string): Promise<string> {
  const [only, ...others] = await readdir(unpacked);
  if (only === undefined || others.length > 0) return unpacked;
  return (await isThere(unpacked, `${only}/bin`)) ? join(unpacked, only) : unpacked;
}

/** What keeps the folder from being a classic buildpack; null: nothing. */
export async function objectionTo(folder: string): Promise<string | null> {
  const there = await Promise.all(['bin/detect', 'bin/compile'].map((path) => isThere(folder, path)));
  if (there.every(Boolean)) return null;
  const isCloudNative = (await isThere(folder, 'buildpack.toml')) && (await isThere(folder, 'bin/build'));
  if (isCloudNative) return 'it is a Cloud Native Buildpack';
  return `it has no ${there[0] === true ? 'bin/compile' : 'bin/detect'}`;
}

/** Is it far more than a buildpack? Its history is not counted. */
export async function isTooLarge(root: string, limits: UnpackLimits): Promise<boolean> {
  let { bytes, entries } = limits;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      entries -= 1;
      if (entry.isFile()) bytes -= (await lstat(path)).size;
      if (entries < 0 || bytes < 0) return true;
      if (entry.isDirectory() && entry.name !== '.git') folders.push(path);
    }
  }
  return false;
}

/** Files, folders and links, links as they are; not the history. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (path) => {
      if (basename(path) === '.git') return false;
      const found = await lstat(path);
      return found.isFile() || found.isDirectory() || found.isSymbolicLink();
    },
  });
}
