import type { SourceTree } from '../source.js';
import { isBuilt } from './constraint.js';

/** A program of the module. */
export interface MainPackage {
  /** `.` or `./cmd/server` */
  readonly path: string;
  /** What Go calls the program. */
  readonly name: string;
}

/** A source nests no deeper, unless somebody wants to keep us busy. */
const MAX_DEPTH = 12;

/** All programs of a module, as `go list ./...` would find them. */
export function mainPackages(source: SourceTree, module: string, folder = '', depth = 0): MainPackage[] {
  const entries = source.list(folder);
  const own = isMain(source, folder, entries) ? [asPackage(module, folder)] : [];
  if (depth === MAX_DEPTH) return own;
  const below = entries
    .filter((entry) => entry.endsWith('/') && isSearched(entry))
    .map((entry) => join(folder, entry.slice(0, -1)))
    .filter((path) => !source.has(`${path}/go.mod`));
  return [...own, ...below.flatMap((path) => mainPackages(source, module, path, depth + 1))];
}

/** The last word of the import path, without a version: `example.com/tool/v2` → `tool`. */
function programName(importPath: string): string {
  const words = importPath.split('/');
  const last = words.at(-1) ?? '';
  return words.length > 1 && /^v([2-9]|[1-9]\d+)$/.test(last) ? (words.at(-2) ?? last) : last;
}

/** All files of a folder that are built together are of one package. */
function isMain(source: SourceTree, folder: string, entries: readonly string[]): boolean {
  for (const name of entries) {
    if (!/^[^._].*\.go$/.test(name)) continue;
    const text = source.read(join(folder, name));
    if (text !== null && isBuilt(name, text)) return /^package\s+main\b/m.test(text);
  }
  return false;
}

const isSearched = (folder: string): boolean =>
  !/^[._]/.test(folder) && !['vendor/', 'testdata/', 'node_modules/'].includes(folder);

const asPackage = (module: string, folder: string): MainPackage =>
  folder === ''
    ? { path: '.', name: programName(module) }
    : { path: `./${folder}`, name: programName(`${module}/${folder}`) };

const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
