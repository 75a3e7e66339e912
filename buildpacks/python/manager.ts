import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import type { Project } from './project.js';

/** Which tool installs; `project`: pip, what pyproject.toml or setup.py say; `none`: there is nothing to install. */
export type ManagerName = 'uv' | 'poetry' | 'pipenv' | 'pip' | 'project' | 'none';

export interface Manager {
  readonly name: ManagerName;
  /** The file by which it was chosen. */
  readonly by: string;
}

/** A lock file says who wrote it, and which manifest it belongs to. */
const LOCKS = [
  { file: 'uv.lock', name: 'uv', manifest: 'pyproject.toml' },
  { file: 'poetry.lock', name: 'poetry', manifest: 'pyproject.toml' },
  { file: 'Pipfile.lock', name: 'pipenv', manifest: 'Pipfile' },
] as const;

const MANIFESTS = [
  { file: 'Pipfile', name: 'pipenv' },
  { file: 'requirements.txt', name: 'pip' },
  { file: 'setup.py', name: 'project' },
] as const;

export function chooseManager(source: SourceTree, { pyproject }: Project): Manager {
  const [lock, other] = LOCKS.filter(({ file }) => source.has(file));
  if (lock && other) {
    throw new PlanError(
      `There are two lock files: ${lock.file} (${lock.name}) and ${other.file} (${other.name}).`,
      'Keep the one of the tool that you use, remove the other, and push again.',
    );
  }
  if (lock && !source.has(lock.manifest)) {
    throw new PlanError(
      `There is ${lock.file}, but not the ${lock.manifest} that it was written for.`,
      `Add ${lock.manifest}, or remove ${lock.file}, and push again.`,
    );
  }
  if (lock) return { name: lock.name, by: lock.file };
  const manifest = MANIFESTS.find(({ file }) => source.has(file));
  // A pyproject.toml beside requirements.txt is mostly for linters.
  if (manifest) return { name: manifest.name, by: manifest.file };
  const declares = pyproject !== null && (pyproject.dependencies !== null || pyproject.hasBuildSystem);
  return declares ? { name: 'project', by: 'pyproject.toml' } : { name: 'none', by: '' };
}

/** Files that name dependencies too, but not those that are installed. */
export function unusedFiles(source: SourceTree, { name, by }: Manager): string[] {
  const others = name === 'pipenv' ? ['requirements.txt'] : ['Pipfile', 'requirements.txt'];
  return others.filter((file) => file !== by && source.has(file));
}
