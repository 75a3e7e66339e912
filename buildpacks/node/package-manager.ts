import { coerce, intersects, minVersion, valid } from 'semver';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { isRange } from '../version-range.js';
import type { PackageJson } from './package-json.js';

/** Which tool installs, and how it was found out. */
export interface PackageManager {
  readonly name: 'npm' | 'yarn-classic' | 'yarn-berry' | 'pnpm' | 'bun';
  /** A version to run, or a range of them; null: the one that comes with the runtime. */
  readonly version: string | null;
  /** A copy of the tool inside the source, run with node (Yarn's `yarnPath`). */
  readonly program: string | null;
  readonly lockFile: string | null;
  /** For the build output, e.g. `npm, by package-lock.json`. */
  readonly because: string;
}

type Family = 'npm' | 'yarn' | 'pnpm' | 'bun';
const FAMILIES: readonly Family[] = ['npm', 'yarn', 'pnpm', 'bun'];

/** In order of preference within a family: npm itself prefers the shrinkwrap. */
const LOCK_FILES: readonly (readonly [string, Family])[] = [
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
  ['yarn.lock', 'yarn'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

export function choosePackageManager(source: SourceTree, packageJson: PackageJson): PackageManager {
  const locks = LOCK_FILES.filter(([file]) => source.has(file));
  const [lock] = locks;
  refuseTwoFamilies(locks.map(([file, family]) => ({ file, family })));
  const pinned = readPin(packageJson.packageManager) ?? devPin(packageJson);
  if (lock && pinned && pinned.family !== lock[1]) {
    throw new PlanError(
      `package.json names ${pinned.family} in ${pinned.field}, but ${lock[0]} is written by ${lock[1]}.`,
      `Remove ${lock[0]}, or set ${pinned.field} to the tool that you use.`,
    );
  }
  const family = lock?.[1] ?? pinned?.family ?? 'npm';
  const because = lock?.[0] ?? (pinned ? `${pinned.field} in package.json` : null);
  const version = pinned?.version ?? oneLine(packageJson.engines.get(family));
  return describe(family, { source, lockFile: lock?.[0] ?? null, version, because });
}

interface Found {
  readonly source: SourceTree;
  readonly lockFile: string | null;
  readonly version: string | null;
  readonly because: string | null;
}

function describe(family: Family, found: Found): PackageManager {
  const { lockFile, version } = found;
  const because = (tool: string) => (found.because === null ? tool : `${tool}, by ${found.because}`);
  if (family === 'npm') {
    const named = because(version === null ? 'npm' : `npm ${version}`);
    return { name: 'npm', version, program: null, lockFile, because: named };
  }
  if (family === 'bun') {
    const wanted = version ?? '1';
    return { name: 'bun', version: wanted, program: null, lockFile, because: because(`bun ${wanted}`) };
  }
  if (family === 'pnpm') {
    const wanted = version ?? pnpmOfLockFile(found.source.read('pnpm-lock.yaml'));
    return { name: 'pnpm', version: wanted, program: null, lockFile, because: because(`pnpm ${wanted}`) };
  }
  const program = yarnPath(found.source);
  if (!isBerry(found)) {
    const wanted = version ?? '1';
    return { name: 'yarn-classic', version: wanted, program, lockFile, because: because(`Yarn ${wanted}`) };
  }
  const wanted = version ?? '4';
  return { name: 'yarn-berry', version: wanted, program, lockFile, because: because(`Yarn ${wanted}`) };
}

/** Yarn 2 and later write `__metadata:` into the lock file, and Yarn 1 a comment that says v1. */
function isBerry({ source, version }: Found): boolean {
  if (version !== null) return (coerce(version)?.major ?? 1) >= 2;
  const lock = source.read('yarn.lock') ?? '';
  if (/^__metadata:/m.test(lock)) return true;
  return !lock.includes('yarn lockfile v1') && source.has('.yarnrc.yml');
}

function yarnPath(source: SourceTree): string | null {
  const path = /^yarnPath:\s*["']?([^"'\s#]+)/m.exec(source.read('.yarnrc.yml') ?? '')?.[1];
  return path !== undefined && source.has(path) ? path : null;
}

function pnpmOfLockFile(lock: string | null): string {
  const format = /^lockfileVersion:\s*'?(\d+)/m.exec(lock ?? '')?.[1];
  if (format === '5') return '7';
  return format === '6' ? '8' : '9';
}

interface Pin {
  readonly family: Family;
  readonly version: string | null;
  /** Where package.json says so. */
  readonly field: string;
}

/** As Corepack reads it; its hash is of the tool's tarball, which npm verifies by the registry's own. */
function readPin(field: string | null): Pin | null {
  if (field === null) return null;
  const [, name, version] = /^(\w+)@([^+\s]+)(\+\S+)?$/.exec(field) ?? [];
  const family = FAMILIES.find((known) => known === name);
  if (family !== undefined && version !== undefined && valid(version) !== null)
    return { family, version, field: 'packageManager' };
  throw new PlanError(
    `package.json asks for ${JSON.stringify(field)} in packageManager, which is not npm, yarn, pnpm or bun with a version.`,
    'Write for example "pnpm@9.15.0", or remove the field.',
  );
}

/** Of a tool that tfk does not know, the lock file says more. */
function devPin({ devManager }: PackageJson): Pin | null {
  const family = FAMILIES.find((known) => known === devManager?.name);
  if (family === undefined) return null;
  return { family, version: oneLine(devManager?.version ?? undefined), field: 'devEngines.packageManager' };
}

/** A range within one major version; a wider one is met by what would be taken anyway. */
function oneLine(range: string | undefined): string | null {
  const lowest = range === undefined || !isRange(range) ? null : minVersion(range);
  if (range === undefined || lowest === null) return null;
  return intersects(range, `>=${lowest.major + 1}.0.0`) ? null : range;
}

function refuseTwoFamilies(locks: readonly { file: string; family: Family }[]): void {
  const [first, ...others] = locks;
  const other = others.find(({ family }) => family !== first?.family);
  if (!first || !other) return;
  throw new PlanError(
    `There are two lock files: ${first.file} (${first.family}) and ${other.file} (${other.family}).`,
    'Keep the one of the tool that you use, remove the other, and push again.',
  );
}
