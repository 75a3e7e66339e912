import { fitsName } from '../glob.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { binariesOf } from './binaries.js';
import { parseToml, tableOf, textOf, textsOf, type Table } from './toml.js';

/** What `cargo build` in the root would make. */
export interface Workspace {
  readonly binaries: readonly string[];
  /** The program that `cargo run` would start. */
  readonly defaultRun: string | null;
  /** The crates on which what is built depends, by the names that its manifests give them. */
  readonly crates: ReadonlySet<string>;
  /** The oldest Rust that will do: `rust-version`. */
  readonly rustVersion: string | null;
}

export function readWorkspace(source: SourceTree): Workspace {
  const root = manifestAt(source, '');
  if (root === null) throw new PlanError('Cargo.toml is not a regular file of at most 1 MiB.');
  const folders = builtFolders(source, root);
  const manifests = folders.map((folder) => ({ folder, manifest: manifestAt(source, folder) ?? {} }));
  const binaries = manifests.flatMap(({ folder, manifest }) => binariesOf(source, folder, manifest));
  const packages = [root, ...manifests.map(({ manifest }) => manifest)].map(({ package: own }) =>
    tableOf(own),
  );
  const defaultRuns = packages.flatMap((own) => textOf(own['default-run']) ?? []);
  const versions = [tableOf(tableOf(root['workspace'])['package']), ...packages];
  return {
    binaries: [...new Set(binaries)],
    defaultRun: defaultRuns[0] ?? null,
    crates: new Set(manifests.flatMap(({ manifest }) => Object.keys(tableOf(manifest['dependencies'])))),
    rustVersion: versions.map((own) => textOf(own['rust-version'])).find((found) => found !== null) ?? null,
  };
}

function manifestAt(source: SourceTree, folder: string): Table | null {
  const file = folder === '' ? 'Cargo.toml' : `${folder}/Cargo.toml`;
  const text = source.read(file);
  return text === null ? null : parseToml(file, text);
}

/** The packages which Cargo builds when it is not told which: the default ones, the root's own, or all members. */
function builtFolders(source: SourceTree, root: Table): string[] {
  const workspace = tableOf(root['workspace']);
  const defaults = textsOf(workspace['default-members']);
  if (defaults.length > 0) return expand(source, defaults);
  if (root['package'] !== undefined) return [''];
  const excluded = textsOf(workspace['exclude']);
  return expand(source, textsOf(workspace['members'])).filter((folder) => !excluded.includes(folder));
}

/** `crates/*` → the folders there that hold a package. */
function expand(source: SourceTree, patterns: readonly string[]): string[] {
  const folders = [...new Set(patterns)]
    .filter((pattern) => pattern.length <= MAX_LENGTH)
    .flatMap((pattern) => matching(source, namesIn(pattern)));
  return [...new Set(folders)].filter((folder) =>
    source.has(folder === '' ? 'Cargo.toml' : `${folder}/Cargo.toml`),
  );
}

/** Of a pattern that anybody would write. */
const MAX_LENGTH = 200;

const namesIn = (pattern: string): string[] =>
  pattern.split('/').filter((name) => name !== '' && name !== '.');

function matching(source: SourceTree, [first, ...rest]: readonly string[], folder = ''): string[] {
  if (first === undefined) return [folder];
  const below = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  if (!first.includes('*')) return matching(source, rest, below(first));
  return source
    .list(folder)
    .filter((entry) => entry.endsWith('/') && fitsName(entry.slice(0, -1), first))
    .flatMap((entry) => matching(source, rest, below(entry.slice(0, -1))));
}
