import { coerce } from 'semver';
import type { Runtime } from '../plan.js';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { isRange } from '../version-range.js';
import type { PackageJson } from './package-json.js';
import type { PackageManager } from './package-manager.js';

/** The Node.js that a source asks for, and what is to be said of how that was found. */
export interface NodeVersion {
  readonly runtime: Runtime;
  readonly note: string;
  readonly warnings: readonly string[];
}

/** `engines.node` is the app's contract; where it is absent, what its developers use themselves, at least by their tools. */
export function nodeVersion(
  source: SourceTree,
  { engines, devRuntime }: PackageJson,
  manager: PackageManager,
): NodeVersion {
  return (
    byField(engines.get('node') ?? null, 'engines.node') ??
    byField(devRuntime, 'devEngines.runtime') ??
    byFile(source, '.nvmrc') ??
    byFile(source, '.node-version') ??
    byManager(manager) ?? { ...anyNode, note: 'package.json names no engines.node' }
  );
}

const anyNode = {
  runtime: { language: 'node', range: null, asked: null },
  warnings: [] as readonly string[],
} as const;

function byField(value: string | null, field: string): NodeVersion | null {
  const range = value?.trim() ?? '';
  if (range === '') return null;
  if (isRange(range)) {
    const asked = `package.json asks for Node.js ${range} in ${field}`;
    return {
      runtime: { language: 'node', range, asked },
      note: `${field} in package.json: ${range}`,
      warnings: [],
    };
  }
  throw new PlanError(
    `package.json asks for Node.js ${JSON.stringify(value)} in ${field}, which is no version range.`,
    'Write a range such as "22.x" or ">=20 <23".',
  );
}

/** The newest line of pnpm does not start on every Node.js that is in use. */
function byManager({ name, version }: PackageManager): NodeVersion | null {
  if (name !== 'pnpm' || (coerce(version)?.major ?? 0) < 11) return null;
  const asked = `pnpm ${version ?? ''} needs Node.js 22.13 or later`;
  return { runtime: { language: 'node', range: '>=22.13', asked }, note: asked, warnings: [] };
}

/** By the names that Node.js gives its long-term lines. */
const LINES: Readonly<Record<string, string>> = {
  argon: '4',
  boron: '6',
  carbon: '8',
  dubnium: '10',
  erbium: '12',
  fermium: '14',
  gallium: '16',
  hydrogen: '18',
  iron: '20',
  jod: '22',
  krypton: '24',
};
const NEWEST = ['node', 'stable', 'current', 'latest', 'lts', 'lts/*', 'system'];

/** Such a file names what was newest one day on a developer's machine: its line is what counts, with its fixes. */
function byFile(source: SourceTree, file: string): NodeVersion | null {
  const lines = (source.read(file) ?? '').split('\n').map((line) => line.replace(/#.*/, '').trim());
  const named = lines.find((line) => line !== '');
  if (named === undefined) return null;
  const version = LINES[named.toLowerCase().replace(/^lts\//, '')] ?? named.replace(/^(?:node-)?v/i, '');
  if (/^\d+(\.\d+){0,2}$/.test(version)) {
    const asked = `${file} asks for Node.js ${named}`;
    return {
      runtime: { language: 'node', range: `^${version}`, asked },
      note: `${file}: ${named}`,
      warnings: [],
    };
  }
  const known = NEWEST.includes(named.toLowerCase());
  const warning = `${file}: ${JSON.stringify(named)} is no version of Node.js: any is taken`;
  return {
    ...anyNode,
    note: `${file}: ${known ? named : 'nothing of use'}`,
    warnings: known ? [] : [warning],
  };
}
