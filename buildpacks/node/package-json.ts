import { validRange } from 'semver';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';

/** What the planner needs of a package.json; fields of a wrong type count as absent, as npm itself reads them. */
export interface PackageJson {
  readonly scripts: ReadonlyMap<string, string>;
  /** `engines.node`, a valid semver range. */
  readonly nodeRange: string | null;
  /** The field `packageManager`, e.g. `yarn@4.1.0`. */
  readonly packageManager: string | null;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly devDependencies: ReadonlyMap<string, string>;
  readonly hasWorkspaces: boolean;
  readonly patches: boolean;
}

export function readPackageJson(source: SourceTree): PackageJson {
  const json = source.read('package.json');
  if (json === null) throw new PlanError('package.json is not a regular file of at most 1 MiB.');
  const fields = objectOf(parsed(json));
  if (fields === null) throw new PlanError('package.json is not a JSON object.');
  return {
    scripts: textsOf(fields['scripts']),
    nodeRange: nodeRange(objectOf(fields['engines'])?.['node']),
    packageManager: typeof fields['packageManager'] === 'string' ? fields['packageManager'] : null,
    dependencies: new Map([
      ...textsOf(fields['optionalDependencies']),
      ...textsOf(fields['peerDependencies']),
      ...textsOf(fields['dependencies']),
    ]),
    devDependencies: textsOf(fields['devDependencies']),
    hasWorkspaces: hasEntries(fields['workspaces']),
    patches: objectOf(objectOf(fields['pnpm'])?.['patchedDependencies']) !== null,
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlanError(`package.json is not valid JSON: ${reason}`, 'Correct package.json and push again.');
  }
}

function nodeRange(value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  if (validRange(value) !== null) return value.trim();
  throw new PlanError(
    `package.json asks for Node.js ${JSON.stringify(value)} in engines.node, which is no version range.`,
    'Write a range such as "22.x" or ">=20 <23".',
  );
}

function hasEntries(workspaces: unknown): boolean {
  if (Array.isArray(workspaces)) return workspaces.length > 0;
  return objectOf(workspaces) !== null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  const texts = Object.entries(objectOf(value) ?? {}).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return new Map(texts);
}
