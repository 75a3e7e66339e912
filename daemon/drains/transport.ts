import type { SecureContext } from 'node:tls';
import type { DrainAddress } from './address.js';
import type { Batch } from './batch.js';
import type { Framing } from './framing.js';
import type { Outcome } from './outcome.js';

/** Brings batches to one receiver, one at a time. */
export interface Transport {
  readonly framing: Framing;
  /** Has the receiver said that it has a batch that was taken? */
  readonly confirms: boolean;
  /** Never rejects. When the signal aborts nothing more is sent, and what it answers means nothing. */
  send(batch: Batch, signal: AbortSignal): Promise<Outcome>;
  /** When the connection broke since this was asked last, in milliseconds since the epoch; null when it did not. */
  brokenAt(): number | null;
  /** Cuts the connection. */
  close(): void;
}

export interface TransportOptions {
  readonly address: DrainAddress;
  /** The drain's. */
  readonly token: string;
  /** `Logplex/tfk-0.1.0` */
  readonly userAgent: string;
  /** What a receiver's certificate is held against. */
  readonly trust: () => SecureContext;
  readonly limits: TransportLimits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** In milliseconds. */
export interface TransportLimits {
  readonly connectMs: number;
  /** From the first byte sent until the receiver has answered, or over syslog has taken all. */
  readonly answerMs: number;
}

export const TRANSPORT_LIMITS: TransportLimits = { connectMs: 10_000, answerMs: 30_000 };
