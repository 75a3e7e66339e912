import type { Release } from '../../api/releases.js';
import type { Context } from '../context.js';
import { took } from '../output/time.js';
import { settled } from './releases.js';
import { untilLive } from './rollout.js';

/** Waits until the release is live, and says so. */
export async function showLive(
  context: Context,
  made: Release,
  { app, started, json }: { app: string; started: number; json: boolean | undefined },
): Promise<number | undefined> {
  const { output } = context;
  const rollout = await untilLive(context, app, (await settled(context, app, made)).version);
  if (json) return output.json({ ...made, rollout });
  const at = rollout.url === null ? '' : ` at ${rollout.url}`;
  return output.line(`v${made.version} is live after ${took(performance.now() - started)}${at}`);
}
