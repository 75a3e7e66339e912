import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, UserError } from '../errors.js';
import { bytes } from '../output/bytes.js';
import { visible } from '../output/sanitise.js';
import { ignoreRules, type IsIgnored } from './ignore-rules.js';

export interface SourceFile {
  /** Relative to the source, `/` between its parts. */
  readonly path: string;
  readonly bytes: number;
}

export interface SourceTree {
  /** Absolute. */
  readonly folder: string;
  /** Files and links, sorted by path. */
  readonly files: readonly SourceFile[];
  readonly bytes: number;
  /** Sockets, pipes and devices: they cannot be part of a source. */
  readonly leftOut: readonly string[];
}

/** tfkd's own limits, asked here as well so that nothing is sent in vain. */
const MOST_BYTES = 512 * 1024 * 1024;
const MOST_FILES = 100_000;
const FOLDERS_SHOWN = 5;

/** Lists what of a folder would be pushed. Throws UserError for a folder that is missing, empty or too big. */
export async function scan(folder: string): Promise<SourceTree> {
  mustBeFolder(folder);
  const tree = walk(folder, await ignoreRules(folder));
  if (tree.files.length === 0) {
    throw new UserError(`${folder} has no file to push: it is empty, or all in it is ignored.`, {
      hint: 'Type: tfk push DIR with the folder of your app. Nothing was sent.',
    });
  }
  if (tree.bytes > MOST_BYTES) throw tooBig(tree);
  if (tree.files.length > MOST_FILES) throw tooMany(tree);
  return tree;
}

function walk(folder: string, isIgnored: IsIgnored): SourceTree {
  const files: SourceFile[] = [];
  const leftOut: string[] = [];
  const pending = [''];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (isIgnored(path, entry.isDirectory())) continue;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) files.push({ path, bytes: lstatSync(join(folder, path)).size });
      else if (entry.isSymbolicLink()) files.push({ path, bytes: 0 });
      else leftOut.push(path);
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { folder, files, leftOut, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

function mustBeFolder(folder: string): void {
  try {
    if (statSync(folder).isDirectory()) return;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
  }
  throw new UserError(`${visible(folder)} is no folder.`, {
    hint: 'Type: tfk push DIR with the folder of your app.',
  });
}

function tooBig(tree: SourceTree): UserError {
  return refused(
    tree,
    `${bytes(tree.bytes)}, more than the ${bytes(MOST_BYTES)} a source may have`,
    (file) => file.bytes,
    bytes,
  );
}

function tooMany(tree: SourceTree): UserError {
  return refused(
    tree,
    `${tree.files.length} files, more than the ${MOST_FILES} a source may have`,
    () => 1,
    (count) => `${count} files`,
  );
}

function refused(
  tree: SourceTree,
  what: string,
  measure: (file: SourceFile) => number,
  shown: (sum: number) => string,
): UserError {
  const biggest = biggestFolders(tree.files, measure).map(([folder, sum]) => `  ${shown(sum)}  ${folder}`);
  return new UserError([`${tree.folder} has ${what}. Most of it is in:`, ...biggest].join('\n'), {
    hint: 'Name what is no source in .slugignore or .gitignore, then push again. Nothing was sent.',
  });
}

/** By the first two parts of their paths, which is where a person would look. */
function biggestFolders(
  files: readonly SourceFile[],
  measure: (file: SourceFile) => number,
): [string, number][] {
  const sums = new Map<string, number>();
  for (const file of files) {
    const folders = file.path.split('/').slice(0, -1).slice(0, 2);
    const folder = folders.length === 0 ? file.path : `${folders.join('/')}/`;
    sums.set(folder, (sums.get(folder) ?? 0) + measure(file));
  }
  return [...sums].sort(([, a], [, b]) => b - a).slice(0, FOLDERS_SHOWN);
}
