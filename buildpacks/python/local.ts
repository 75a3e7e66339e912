import type { SourceTree } from '../source.js';
import { isFileRequirement, isFolderUrl } from './places.js';
import type { Pyproject } from './project.js';
import { isTable, readToml, tableAt, tablesOf, textsOf, type Table } from './toml.js';

/** Does uv read more of the source than manifest and lock file? It locks groups for developers as well. */
export function uvReadsSource(source: SourceTree, pyproject: Pyproject | null): boolean {
  const uv = pyproject?.uv ?? {};
  return (
    isTable(uv['workspace']) ||
    hasEntryWith(tableAt(uv, 'sources'), ['path', 'workspace']) ||
    [uv, readToml(source, 'uv.toml') ?? {}].some(findsInFolders) ||
    isFileRequirement(source.read('pyproject.toml') ?? '') ||
    // What is dynamic is learned by building the app.
    ['dependencies', 'optional-dependencies'].some((field) => pyproject?.dynamic.includes(field)) ||
    LOCKED_FOLDER.test(source.read('uv.lock') ?? '')
  );
}

/** The app itself is `.`; a registry without a scheme is a folder. */
const LOCKED_FOLDER =
  /^source = \{ (?:(?:path|directory|editable|virtual) = "(?!\.")|registry = "(?:file:|(?!\w+:)))/m;

const findsInFolders = (uv: Table): boolean =>
  [
    ...textsOf(uv['find-links']),
    ...textsOf([uv['index-url']]),
    ...textsOf(uv['extra-index-url']),
    ...textsOf(tablesOf(uv['index']).map((index) => index['url'])),
  ].some(isFolderUrl);

export function poetryReadsSource(source: SourceTree, pyproject: Pyproject | null): boolean {
  const poetry = pyproject?.poetry ?? {};
  return (
    ['dependencies', 'requires-plugins'].some((field) =>
      hasEntryWith(tableAt(poetry, field), ['path', 'file']),
    ) ||
    pyproject?.dependencies?.some(isFileRequirement) === true ||
    /^type = "(?:directory|file)"/m.test(source.read('poetry.lock') ?? '')
  );
}

/** An entry may be a list, of one for each kind of system. */
const hasEntryWith = (entries: Table, keys: readonly string[]): boolean =>
  Object.values(entries)
    .flatMap((entry) => (Array.isArray(entry) ? tablesOf(entry) : [entry]))
    .some((entry) => isTable(entry) && keys.some((key) => key in entry));
