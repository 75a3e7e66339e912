import type { Rollout } from '../../api/tfk.js';
import { tfkPathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';
import { logLine } from '../output/log-line.js';
import { lastLines } from './logs.js';
import { earlierRelease, newestReleases } from './releases.js';

/** Seconds of one long poll. */
const WAIT = 25;
/** The trace of an uncaught error is longer than ten lines, and what went wrong is said at its head. */
const LOG_LINES = 25;

/** Resolves when every dyno of the release is ready, or a later release has taken over. Throws with the reason and log lines else. */
export async function untilLive(context: Context, app: string, version: number): Promise<Rollout> {
  let shown = '';
  for (;;) {
    const rollout = await context.client.get<Rollout>(
      `${tfkPathOfApp(app)}/rollout?release=${version}&wait=${WAIT}`,
    );
    if (rollout.status === 'failed') throw await notLive(context, app, rollout);
    if (rollout.status !== 'pending') return rollout;
    const state = rollout.types.map(({ type, ready, wanted }) => `${type} ${ready}/${wanted}`).join(', ');
    if (state !== shown && state !== '') context.output.progress(`Waiting for dynos: ${state} ready`);
    shown = state;
  }
}

async function notLive(context: Context, app: string, rollout: Rollout): Promise<UserError> {
  // A dyno's last words, which say why it ended, are in its log by now: whoever waits is told of a failure only then.
  const lines = await lastLines(context, app, { lines: LOG_LINES, release: rollout.release }).catch(() => []);
  if (lines.length > 0) context.output.progress(`Last lines of v${rollout.release}:`);
  for (const line of lines) context.output.progress(`  ${logLine(line, context.output.err)}`);
  const reason = rollout.message ?? 'its dynos did not become ready';
  return new UserError(`v${rollout.release} is not live: ${reason}`, {
    hint: `Type: tfk logs -a ${app}, or: tfk ps -a ${app}${await wayBack(context, app)}`,
  });
}

/** Said only where there is one: a first push has nothing behind it. */
async function wayBack(context: Context, app: string): Promise<string> {
  const releases = await newestReleases(context, app, 20).catch(() => []);
  return earlierRelease(releases) ? `; to go back: tfk rollback -a ${app}` : '';
}
