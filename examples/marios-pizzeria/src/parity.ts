import { readFile } from 'node:fs/promises';
import type { Config } from './config.js';
import type { Logger } from './log.js';

/** Says at the start where this deploy is not like the others. Nothing here stops a process. */
export async function warnOfDifferences(config: Config, kind: string, log: Logger): Promise<void> {
  const text = await readFile('app.json', 'utf8').catch(() => '{}');
  for (const difference of differences(config, kind, addonsOf(text))) log.warn(difference);
}

/** @param kind of the store in use */
export function differences(
  config: Pick<Config, 'production' | 'dyno'>,
  kind: string,
  addons: readonly string[],
): string[] {
  const found: string[] = [];
  if (kind === 'memory' && config.production)
    found.push(
      'parity: the store is memory: in production: each process has orders of its own, and they end with it',
    );
  const declared = addons.filter((addon) => ['postgres', 'mongodb'].includes(addon));
  if (kind !== 'memory' && declared.length > 0 && !declared.includes(kind))
    found.push(`parity: app.json names ${declared.join(', ')}, and this deploy keeps its orders in ${kind}`);
  if (!config.production && config.dyno !== 'local')
    found.push('parity: this is a dyno, and NODE_ENV is not production');
  return found;
}

/** `postgres` of `postgres`, `postgres:mini` and `{ "plan": "postgres" }`. */
function addonsOf(appJson: string): string[] {
  const { addons = [] } = JSON.parse(appJson) as { addons?: readonly (string | { plan: string })[] };
  return addons.map((addon) => (typeof addon === 'string' ? addon : addon.plan).split(':')[0] ?? '');
}
