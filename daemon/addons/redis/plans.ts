import type { AddonPlan } from '../addon.js';

const MEGABYTE = 1024 ** 2;
const GIGABYTE = 1024 ** 3;

/** What this machine gives where the user names no plan, and what Heroku's plans of these names hold. */
const SIZES: readonly (readonly [plan: string, bytes: number])[] = [
  ['local', 256 * MEGABYTE],
  ['mini', 25 * MEGABYTE],
  ['hobby-dev', 25 * MEGABYTE],
  ['premium-0', 50 * MEGABYTE],
  ['premium-1', 100 * MEGABYTE],
  ['premium-2', 250 * MEGABYTE],
  ['premium-3', 500 * MEGABYTE],
  ['premium-5', GIGABYTE],
  ['premium-7', 7 * GIGABYTE],
  ['premium-9', 10 * GIGABYTE],
  ['premium-10', 25 * GIGABYTE],
  ['premium-12', 50 * GIGABYTE],
  ['premium-14', 100 * GIGABYTE],
];

export const REDIS_PLANS: readonly AddonPlan[] = SIZES.map(([plan, bytes], index) => ({
  name: `redis:${plan}`,
  description: `A Redis server on this machine, for ${sizeText(bytes)} of data`,
  isDefault: index === 0,
}));

/** How much data a server of the plan takes before it refuses writes. */
export function maxMemoryOf(plan: string): number {
  const [, local] = SIZES[0] ?? ['', 0];
  return SIZES.find(([name]) => plan === `redis:${name}`)?.[1] ?? local;
}

/** `256 MB`, `7 GB`: without decimals, as plans are sold. */
function sizeText(bytes: number): string {
  return bytes < GIGABYTE ? `${bytes / MEGABYTE} MB` : `${bytes / GIGABYTE} GB`;
}
