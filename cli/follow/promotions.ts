import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelinePromotion, PromotionTarget } from '../../api/pipeline-promotions.js';
import type { Release } from '../../api/releases.js';
import type { Context } from '../context.js';
import { showStream } from './builds.js';

const POLL_MS = 300;

/** Waits until a promotion has ended, and answers its targets. Of a single one, shows what its release command prints. */
export async function promoted(context: Context, promotion: PipelinePromotion): Promise<PromotionTarget[]> {
  const { client, output } = context;
  const targets = (): Promise<PromotionTarget[]> =>
    client.list<PromotionTarget>(`/pipeline-promotions/${promotion.id}/promotion-targets`);
  await showCommand(context, await until(targets, hasRelease));
  return output.action('Waiting for promotion to complete', () => until(targets, hasEnded));
}

async function until(
  targets: () => Promise<PromotionTarget[]>,
  holds: (targets: readonly PromotionTarget[]) => boolean,
): Promise<PromotionTarget[]> {
  for (;;) {
    const now = await targets();
    if (holds(now)) return now;
    await sleep(POLL_MS);
  }
}

const hasEnded = (targets: readonly PromotionTarget[]): boolean =>
  targets.every(({ status }) => status !== 'pending');

const hasRelease = (targets: readonly PromotionTarget[]): boolean =>
  targets.every(({ status, release }) => status !== 'pending' || release !== null);

/** The output is a favour; how it went is asked for anyway. */
async function showCommand(context: Context, targets: readonly PromotionTarget[]): Promise<void> {
  const [only, ...others] = targets;
  if (!only?.release || others.length > 0) return;
  const release = await context.client.get<Release>(`/apps/${only.app.id}/releases/${only.release.id}`);
  if (release.output_stream_url === null) return;
  context.output.progress('Running release command...');
  await showStream(context, release.output_stream_url, 'stderr').catch(() => undefined);
}
