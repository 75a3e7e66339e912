import type { Releases } from '../../release/releases.js';
import type { Formation } from '../../run/formation.js';
import { rolloutStatus, type RolloutStatus } from '../../run/rollout-status.js';
import type { Clock } from '../../shared/clock.js';
import { notFound } from '../../shared/errors.js';
import type { Store } from '../../store/store.js';
import { appUrl, type Stages } from './stages.js';

const POLL_MS = 50;
/** How long a failure is kept back until all that its dynos said is in the log: they may have said much. */
const LAST_WORDS_MS = 5_000;

export interface RolloutParts extends Pick<Stages, 'routed' | 'logged' | 'routerPort'> {
  readonly store: Store;
  readonly clock: Clock;
  readonly releases: Pick<Releases, 'current'>;
  readonly formation: Pick<Formation, 'list'>;
}

interface Waiting {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

type Rollout = RolloutStatus & { readonly url: string | null };

/**
 * Waits until a release is live, has failed or is superseded. Who waits and is told of a failure looks into the log for its
 * cause: it is there by then.
 */
export async function awaitRollout(
  parts: RolloutParts,
  appId: string,
  version: number,
  { waitMs, signal }: Waiting,
): Promise<Rollout> {
  const { clock } = parts;
  const until = clock.now() + waitMs;
  for (;;) {
    const rollout = rolloutOf(parts, appId, version);
    if (rollout.status === 'failed' && waitMs > 0) await lastWords(parts, appId, version, signal);
    if (rollout.status !== 'pending' || clock.now() >= until || signal.aborted) return rollout;
    await clock.sleep(POLL_MS, signal);
  }
}

function rolloutOf(parts: RolloutParts, appId: string, version: number): Rollout {
  const { store, releases, formation, routed } = parts;
  const app = store.apps.find(appId);
  const release = store.releases.byVersion(appId, version);
  if (!app || !release) throw notFound('release', `There is no release v${version}.`, 'Type: tfk releases');
  const facts = {
    release,
    current: releases.current(appId),
    formation: formation.list(appId),
    dynos: store.dynos.list(appId),
    routed,
  };
  const url = release.processTypes['web'] === undefined ? null : appUrl(parts, app);
  return { ...rolloutStatus(facts), url };
}

/** A release command's are in the log before its release has failed. */
async function lastWords(
  { store, clock, logged }: RolloutParts,
  appId: string,
  version: number,
  signal: AbortSignal,
): Promise<void> {
  const crashed = store.dynos
    .list(appId)
    .filter((dyno) => dyno.state === 'crashed' && dyno.releaseVersion === version);
  const all = new AbortController();
  await Promise.race([
    Promise.all(crashed.map(({ instance }) => logged(instance))),
    clock.sleep(LAST_WORDS_MS, AbortSignal.any([all.signal, signal])),
  ]);
  all.abort();
}
