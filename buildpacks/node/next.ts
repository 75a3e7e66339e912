import type { BuildStep } from '../plan.js';
import type { PackageJson } from './package-json.js';
import { packageIn } from './sites.js';

const CACHE = 'TFK_NEXT_CACHE';
const LINK = `mkdir -p .next && rm -rf .next/cache && ln -s "$${CACHE}" .next/cache`;

/** Next.js keeps what it compiled in a folder of its build: a link leads from there to what is kept between builds. */
export function nextCache(packageJson: PackageJson, build: BuildStep | null): BuildStep | null {
  if (build === null || !packageIn(packageJson)('next')) return build;
  return {
    ...build,
    commands: [['sh', '-c', LINK], ...build.commands],
    env: { ...build.env, NEXT_TELEMETRY_DISABLED: '1' },
    caches: { ...build.caches, next: CACHE },
  };
}

/** What of it does not belong into the slug. */
export const nextLeftovers = (packageJson: PackageJson): readonly string[] =>
  packageIn(packageJson)('next') ? ['.next/cache'] : [];
