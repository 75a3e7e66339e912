import type { AddonPlan } from '../addon.js';

/**
 * Heroku's names of sizes, which a machine of one's own does not sell; without those of private networks and of its other
 * database service, which its clients reach in other ways.
 */
const HEROKU_PLANS = [
  'mini',
  'basic',
  'hobby-dev',
  'hobby-basic',
  ...[0, 1, 2].map((size) => `essential-${size}`),
  ...['standard', 'premium'].flatMap((tier) =>
    [0, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((size) => `${tier}-${size}`),
  ),
];

/** One server, by each of its names. */
export const POSTGRES_PLANS: readonly AddonPlan[] = [
  { name: 'postgres:local', description: 'A PostgreSQL server on this machine', isDefault: true },
  ...HEROKU_PLANS.map((plan) => ({
    name: `postgres:${plan}`,
    description: 'A PostgreSQL server on this machine, whatever size this name means on Heroku',
    isDefault: false,
  })),
];
