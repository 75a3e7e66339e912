import type { DeliveryRecord } from '../../store/webhook-deliveries.js';
import type { Reply } from './sender.js';

/** After the first attempt; doubles with each further one. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
/** A pause is up to this part longer or shorter, so that receivers that come back are not run over. */
const JITTER = 0.25;
/** How long a `sync` delivery is tried, as on Heroku (Dev Center, "App Webhooks"). */
export const SYNC_LIMIT_MS = 72 * 60 * 60_000;

export interface AttemptEnd {
  readonly status: 'succeeded' | 'failed' | 'retrying';
  readonly code: number | null;
  readonly error: string | null;
  readonly nextAttemptAt: number | null;
}

/**
 * What follows from an attempt. A reply of 2xx is a success; anything else is tried again at level `sync`, also 4xx: the
 * receiver may just be being set up. `delivery` is as it was before the attempt; `random` from 0 to 1.
 */
export function afterAttempt(
  delivery: Pick<DeliveryRecord, 'level' | 'numAttempts' | 'createdAt'>,
  reply: Reply,
  { now, random }: { readonly now: number; readonly random: number },
): AttemptEnd {
  const { code, error } = reply;
  if (code !== null && code >= 200 && code < 300)
    return { status: 'succeeded', code, error: null, nextAttemptAt: null };
  const failed = { code, error: error ?? 'UnexpectedStatus' };
  const nextAttemptAt = now + pauseMs(delivery.numAttempts, reply.retryAfterMs, random);
  if (delivery.level === 'notify' || nextAttemptAt > delivery.createdAt + SYNC_LIMIT_MS)
    return { ...failed, status: 'failed', nextAttemptAt: null };
  return { ...failed, status: 'retrying', nextAttemptAt };
}

/** Not before the receiver asks for it, but nobody can put it off for longer than our own longest pause. */
function pauseMs(earlierAttempts: number, retryAfterMs: number | null, random: number): number {
  const doubled = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(earlierAttempts, 20));
  const own = Math.round(doubled * (1 - JITTER + 2 * JITTER * random));
  return Math.max(own, Math.min(retryAfterMs ?? 0, LONGEST_PAUSE_MS));
}
