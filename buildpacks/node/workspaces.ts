import { fitsName, fitsPath } from '../glob.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { globs } from './globs.js';
import { readPackageJson, type PackageJson } from './package-json.js';
import { readPnpmWorkspace } from './pnpm-workspace.js';

/** A package of a source that holds several, installed together with its root. */
export interface Workspace {
  /** `packages/web` */
  readonly path: string;
  readonly packageJson: PackageJson;
}

const MOST = 1000;
const DEEPEST = 8;

/** All workspaces that the root declares, for npm, Yarn and bun in package.json, for pnpm in a file of its own. */
export function readWorkspaces(source: SourceTree, root: PackageJson): readonly Workspace[] {
  const patterns = pnpmPatterns(source) ?? root.workspaces;
  if (patterns === null) return [];
  const known = globs(patterns);
  const taken = known.filter((glob) => !glob.startsWith('!')).flatMap((glob) => expand(source, glob));
  const left = known.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const paths = [...new Set(taken)].filter((path) => !left.some((glob) => fitsPath(path, glob))).sort();
  if (paths.length > MOST)
    throw new PlanError(`package.json declares ${paths.length} workspaces: tfk takes ${MOST}.`);
  return paths.map((path) => ({ path, packageJson: readPackageJson(source, `${path}/package.json`) }));
}

function pnpmPatterns(source: SourceTree): readonly string[] | null {
  const { packages } = readPnpmWorkspace(source);
  if (!Array.isArray(packages)) return null;
  return packages.filter((pattern): pattern is string => typeof pattern === 'string');
}

/** Folders with a package.json that the pattern means. */
function expand(source: SourceTree, pattern: string): string[] {
  let folders = [''];
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '**') folders = folders.flatMap((folder) => [folder, ...below(source, folder, DEEPEST)]);
    else if (!/[*?{[]/.test(part)) folders = folders.map((folder) => join(folder, part));
    else folders = folders.flatMap((folder) => children(source, folder).filter(nameMatches(part)));
    folders = [...new Set(folders)];
  }
  return folders.filter((folder) => folder !== '' && source.has(`${folder}/package.json`));
}

const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

function children(source: SourceTree, folder: string): string[] {
  return source
    .list(folder)
    .filter((entry) => entry.endsWith('/') && entry !== 'node_modules/' && !entry.startsWith('.'))
    .map((entry) => join(folder, entry.slice(0, -1)));
}

function below(source: SourceTree, folder: string, depth: number): string[] {
  if (depth === 0) return [];
  return children(source, folder).flatMap((child) => [child, ...below(source, child, depth - 1)]);
}

const nameMatches =
  (part: string): ((path: string) => boolean) =>
  (path) =>
    fitsName(path.slice(path.lastIndexOf('/') + 1), part);
