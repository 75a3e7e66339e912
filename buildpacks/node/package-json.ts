import { parseJson } from '../json.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';

/** What the planner needs of a package.json; fields of a wrong type count as absent, as npm itself reads them. */
export interface PackageJson {
  readonly name: string | null;
  readonly scripts: ReadonlyMap<string, string>;
  /** Tool → what `engines` asks of it. */
  readonly engines: ReadonlyMap<string, string>;
  /** What `devEngines` names for Node.js, and as package manager. */
  readonly devRuntime: string | null;
  readonly devManager: DevManager | null;
  /** The field `packageManager`, e.g. `yarn@4.1.0`. */
  readonly packageManager: string | null;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly devDependencies: ReadonlyMap<string, string>;
  /** Patterns of the folders that hold its workspaces; null: it has none. */
  readonly workspaces: readonly string[] | null;
  /** Versions that count instead of those which packages ask for, in the fields of every package manager. */
  readonly overrides: readonly string[];
  /** Patches of packages: paths, relative to it. */
  readonly patches: readonly string[];
  /** The files that its programs are, relative to it. */
  readonly programs: readonly string[];
}

export interface DevManager {
  readonly name: string;
  readonly version: string | null;
}

export function readPackageJson(source: SourceTree, path = 'package.json'): PackageJson {
  const json = source.read(path);
  if (json === null) throw new PlanError(`${path} is not a regular file of at most 1 MiB.`);
  const fields = objectOf(parseJson(path, json));
  if (fields === null) throw new PlanError(`${path} is not a JSON object.`);
  const ofPnpm = objectOf(fields['pnpm']) ?? {};
  const devEngines = objectOf(fields['devEngines']) ?? {};
  return {
    name: textOf(fields['name']),
    scripts: textsOf(fields['scripts']),
    engines: textsOf(fields['engines']),
    devRuntime: devTools(devEngines['runtime']).find(({ name }) => name === 'node')?.version ?? null,
    devManager: devTools(devEngines['packageManager'])[0] ?? null,
    packageManager: textOf(fields['packageManager']),
    dependencies: new Map([
      ...textsOf(fields['optionalDependencies']),
      ...textsOf(fields['peerDependencies']),
      ...textsOf(fields['dependencies']),
    ]),
    devDependencies: textsOf(fields['devDependencies']),
    workspaces: patternsOf(fields['workspaces']) ?? patternsOf(objectOf(fields['workspaces'])?.['packages']),
    overrides: [
      fields['overrides'],
      fields['resolutions'],
      ofPnpm['overrides'],
      ofPnpm['packageExtensions'],
    ].flatMap(textsBelow),
    patches: [fields['patchedDependencies'], ofPnpm['patchedDependencies']].flatMap(textsBelow),
    programs: programsOf(fields['bin']),
  };
}

/** One tool, or a list of those that will do. */
function devTools(value: unknown): DevManager[] {
  const tools = Array.isArray(value) ? value : [value];
  return tools.flatMap((tool: unknown) => {
    const name = textOf(objectOf(tool)?.['name']);
    return name === null ? [] : [{ name, version: textOf(objectOf(tool)?.['version']) }];
  });
}

function patternsOf(workspaces: unknown): readonly string[] | null {
  if (!Array.isArray(workspaces)) return null;
  const patterns = workspaces.filter((pattern): pattern is string => typeof pattern === 'string');
  return patterns.length === 0 ? null : patterns;
}

function programsOf(bin: unknown): readonly string[] {
  return typeof bin === 'string' ? [bin] : [...textsOf(bin).values()];
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  const texts = Object.entries(objectOf(value) ?? {}).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return new Map(texts);
}

/** All texts in a value, however deep, also where YAML lets it hold itself. */
export function textsBelow(value: unknown): string[] {
  const seen = new Set<unknown>([value]);
  for (const next of seen)
    if (typeof next === 'object' && next !== null) for (const part of Object.values(next)) seen.add(part);
  return [...seen].filter((part) => typeof part === 'string');
}
