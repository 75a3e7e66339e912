import { codeOf, messageOf } from '../shared/errors.js';

/** How the sending of a batch ended. */
export type Outcome =
  | { readonly kind: 'taken' }
  /** The receiver cannot make anything of this very batch; another one it may take. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The receiver takes smaller ones. */
  | { readonly kind: 'too large'; readonly reason: string }
  /** It may be taken later: the receiver is away, busy, or set up wrongly. */
  | { readonly kind: 'failed'; readonly reason: string; readonly certificate: boolean };

/** Statuses that speak of the batch and not of the receiver (RFC 9110 §15.5). */
const OF_THE_BATCH: ReadonlySet<number> = new Set([400, 406, 409, 411, 415, 422, 431]);

export function outcomeOfStatus(status: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const reason = `it answers ${status}`;
  if (status === 413) return { kind: 'too large', reason };
  if (OF_THE_BATCH.has(status)) return { kind: 'refused', reason };
  if (status >= 300 && status < 400)
    return { kind: 'failed', reason: `${reason}, and redirects are not followed`, certificate: false };
  return { kind: 'failed', reason, certificate: false };
}

/** A connection that failed: why, in one sentence without a secret. */
export function outcomeOfError(error: unknown): Outcome {
  const cause = firstCause(error);
  const code = codeOf(cause) ?? '';
  const certificate = /CERT|ISSUER|LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH/.test(code);
  return { kind: 'failed', reason: messageOf(cause) || code || 'it cannot be reached', certificate };
}

/** Where all addresses of a name failed, the last one's failure stands for them. */
function firstCause(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors.at(-1) ?? error) : error;
}
