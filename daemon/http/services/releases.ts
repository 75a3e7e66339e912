import type { ReleaseDifference } from '../../release/diff.js';
import type { Releases } from '../../release/releases.js';
import type { RolloutStatus as RolloutProgress } from '../../run/rollout-status.js';
import type { ReleaseRecord } from '../../store/releases.js';

export interface ReleaseService extends Pick<Releases, 'current' | 'config' | 'setConfig' | 'rollback'> {
  /** A slug of this app (of another one by promotion, later) becomes its code. */
  releaseSlug(
    appId: string,
    slugId: string,
    description: string | null,
    actor: string,
  ): Promise<ReleaseRecord>;
  /** Every line of the release command so far, then what comes, until the release is no longer pending. */
  output(release: ReleaseRecord, signal: AbortSignal): AsyncIterable<string | Uint8Array>;
  diff(from: ReleaseRecord, to: ReleaseRecord): Promise<ReleaseDifference>;
  /** Is the release current and every dyno of its formation ready? Waits at most `waitMs` for an answer but "pending". */
  rollout(appId: string, version: number, waitMs: number, signal: AbortSignal): Promise<RolloutStatus>;
}

/** With where the app answers; null for an app without a web process. */
export type RolloutStatus = RolloutProgress & { readonly url: string | null };
