import type { DynoRecord } from '../store/dynos.js';
import type { FormationRecord } from '../store/formation.js';
import type { ReleaseRecord } from '../store/releases.js';

/** How far a release has come towards being what the app's dynos run. */
export interface RolloutStatus {
  /**
   * `pending`: on its way; `live`: all its dynos are ready, and no other one takes requests or work; `failed`: it failed, or
   * its dynos crash; `superseded`: a later release is current.
   */
  readonly status: 'pending' | 'live' | 'failed' | 'superseded';
  /** In a user's words; null while there is nothing to say. */
  readonly message: string | null;
  readonly types: readonly { readonly type: string; readonly ready: number; readonly wanted: number }[];
}

export interface RolloutFacts {
  readonly release: ReleaseRecord;
  readonly current: ReleaseRecord;
  readonly formation: readonly Pick<FormationRecord, 'type' | 'quantity'>[];
  readonly dynos: readonly DynoRecord[];
  /** As every router worker has it. */
  readonly routed: (instance: string) => 'serving' | 'draining' | 'none';
}

export function rolloutStatus({ release, current, formation, dynos, routed }: RolloutFacts): RolloutStatus {
  const mine = dynos.filter((dyno) => dyno.kind === 'formation' && dyno.releaseId === release.id);
  const types = formation
    .filter((entry) => entry.quantity > 0)
    .map(({ type, quantity }) => ({
      type,
      wanted: quantity,
      ready: mine.filter((dyno) => dyno.type === type && dyno.state === 'up').length,
    }));
  const as = (status: RolloutStatus['status'], message: string | null = null): RolloutStatus => ({
    status,
    message,
    types,
  });
  if (release.status === 'failed') return as('failed', release.message);
  if (release.status === 'pending') return as('pending', 'running its release command');
  if (current.id !== release.id)
    return as(current.version > release.version ? 'superseded' : 'pending', `v${current.version} is current`);
  const crashed = mine.find((dyno) => dyno.state === 'crashed');
  if (crashed)
    return as(
      'failed',
      `${crashed.name} does not start: ${crashed.message ?? 'it crashed'}${stillServing(dynos, release)}`,
    );
  const waiting = types.find((type) => type.ready < type.wanted);
  if (release.slugId !== null && waiting)
    return as('pending', `${waiting.type}: ${waiting.ready} of ${waiting.wanted} ready`);
  const older = dynos.find(
    (dyno) =>
      dyno.kind === 'formation' &&
      dyno.releaseId !== release.id &&
      (dyno.state === 'starting' || dyno.state === 'up' || routed(dyno.instance) === 'serving'),
  );
  if (older) return as('pending', `${older.name} of v${older.releaseVersion} is still there`);
  const unrouted = mine.find((dyno) => dyno.type === 'web' && routed(dyno.instance) !== 'serving');
  if (unrouted && release.slugId !== null) return as('pending', `${unrouted.name} gets no requests yet`);
  return as('live');
}

function stillServing(dynos: readonly DynoRecord[], release: ReleaseRecord): string {
  const old = dynos.find(
    (dyno) => dyno.type === 'web' && dyno.state === 'up' && dyno.releaseId !== release.id,
  );
  return old ? `; v${old.releaseVersion} still serves` : '';
}
