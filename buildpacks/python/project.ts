import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { namesOf, normalised } from './names.js';
import { isFolderUrl } from './places.js';
import { isTable, readToml, tableAt, tablesOf, textsOf, type Table } from './toml.js';

/** What the manifests of a source say, whichever of them the installing tool reads. */
export interface Project {
  readonly pyproject: Pyproject | null;
  readonly pipfile: Pipfile | null;
  /** `python` as in the lock file, which has it of the Pipfile. */
  readonly pipfileLock: { readonly python: string | null } | null;
}

export interface Pyproject {
  readonly name: string | null;
  readonly python: { readonly text: string; readonly field: string } | null;
  /** `project.dependencies`; null where they are not written there (`dynamic`, or Poetry's own table). */
  readonly dependencies: readonly string[] | null;
  /** Fields of `project` which building the app tells. */
  readonly dynamic: readonly string[];
  /** Names of what it depends on, wherever it says so. */
  readonly names: readonly string[];
  /** Is it a package that can be installed, for whoever goes by the standard? */
  readonly hasBuildSystem: boolean;
  readonly poetry: Table;
  readonly uv: Table;
}

export interface Pipfile {
  readonly python: string | null;
  readonly names: readonly string[];
  /** Are there packages, or indexes, that lie in the source? */
  readonly local: boolean;
  /** Environment variables that the addresses of its indexes name. */
  readonly variables: readonly string[];
}

export function readProject(source: SourceTree): Project {
  return {
    pyproject: readPyproject(source),
    pipfile: readPipfile(source),
    pipfileLock: readPipfileLock(source),
  };
}

function readPyproject(source: SourceTree): Pyproject | null {
  const file = readToml(source, 'pyproject.toml');
  if (file === null) return null;
  const project = tableAt(file, 'project');
  const poetry = tableAt(file, 'tool', 'poetry');
  const dynamic = textsOf(project['dynamic']);
  const declared = textsOf(project['dependencies']);
  const ofPoetry = tableAt(poetry, 'dependencies');
  return {
    name: textOf(project['name']) ?? textOf(poetry['name']),
    python: pythonOf(project, ofPoetry),
    dynamic,
    dependencies: dynamic.includes('dependencies') || !isTable(file['project']) ? null : declared,
    names: [...declared.flatMap(namesOf), ...Object.keys(ofPoetry).map(normalised)],
    hasBuildSystem: isTable(file['build-system']),
    poetry,
    uv: tableAt(file, 'tool', 'uv'),
  };
}

function pythonOf(project: Table, ofPoetry: Table): Pyproject['python'] {
  const standard = textOf(project['requires-python']);
  if (standard !== null) return { text: standard, field: 'requires-python' };
  const own = textOf(ofPoetry['python']);
  return own === null ? null : { text: own, field: 'tool.poetry.dependencies' };
}

function readPipfile(source: SourceTree): Pipfile | null {
  const file = readToml(source, 'Pipfile');
  if (file === null) return null;
  const packages = tableAt(file, 'packages');
  const requires = tableAt(file, 'requires');
  const urls = textsOf(tablesOf(file['source']).map(({ url }) => url));
  return {
    python: textOf(requires['python_full_version']) ?? textOf(requires['python_version']),
    names: Object.keys(packages).map(normalised),
    local:
      urls.some(isFolderUrl) ||
      Object.values(packages).some((entry) => isTable(entry) && ('path' in entry || 'file' in entry)),
    variables: urls.flatMap((url) => [...url.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)),
  };
}

function readPipfileLock(source: SourceTree): Project['pipfileLock'] {
  const text = source.read('Pipfile.lock');
  if (text === null) return null;
  try {
    const lock: unknown = JSON.parse(text);
    const requires = tableAt(isTable(lock) ? lock : null, '_meta', 'requires');
    return { python: textOf(requires['python_full_version']) ?? textOf(requires['python_version']) };
  } catch {
    throw new PlanError('Pipfile.lock is not valid JSON.', 'Write it anew by `pipenv lock`, and push again.');
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
