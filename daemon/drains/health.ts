import { drainCertificate, drainDropped, drainFailing, drainWorksAgain } from '../logs/platform.js';
import type { Outcome } from './outcome.js';

/** Lines of one kind about one drain stand in its app's log at most so often: they go into the drain themselves. */
const TELL_EVERY_MS = 60 * 60_000;
/** A connection that was closed while idle fails once; that is not worth a word. */
const WORTH_TELLING = 2;

export interface Failure {
  /** Milliseconds since the epoch, like all times here. */
  readonly since: number;
  readonly failures: number;
  readonly reason: string;
  readonly nextTryAt: number;
}

/**
 * How one drain fares, since this tfkd began, and what its app's log is told of it: that it fails, that it works again, that
 * lines were dropped.
 */
export class DrainHealth {
  lastDeliveredAt: number | null = null;
  failure: Failure | null = null;
  private toldFailing = false;
  private dropped = 0;
  private toldDropped = 0;
  private lostSince: number | null = null;
  private failingToldAt = -Infinity;
  private dropToldAt = -Infinity;

  constructor(
    private readonly drain: { readonly token: string; readonly origin: string },
    private readonly tell: (text: string) => void,
  ) {}

  /** Lines that were lost, and told, before this tfkd began. */
  beginAt(dropped: number): void {
    this.dropped = dropped;
    this.toldDropped = dropped;
  }

  failed(
    outcome: Exclude<Outcome, { kind: 'taken' }>,
    now: number,
    delayOf: (failures: number) => number,
  ): Failure {
    const failures = (this.failure?.failures ?? 0) + 1;
    const since = this.failure?.since ?? now;
    this.failure = { since, failures, reason: outcome.reason, nextTryAt: now + delayOf(failures) };
    const certificate = outcome.kind === 'failed' && outcome.certificate;
    if ((failures >= WORTH_TELLING || certificate) && now - this.failingToldAt >= TELL_EVERY_MS) {
      this.failingToldAt = now;
      this.toldFailing = true;
      const { token, origin } = this.drain;
      this.tell(
        certificate ? drainCertificate(outcome.reason, origin) : drainFailing(token, origin, outcome.reason),
      );
    }
    return this.failure;
  }

  taken(now: number): void {
    this.lastDeliveredAt = now;
    const { failure } = this;
    this.failure = null;
    if (failure && this.toldFailing) {
      const seconds = Math.round((now - failure.since) / 1000);
      this.tell(drainWorksAgain(this.drain.token, this.drain.origin, seconds));
    }
    this.toldFailing = false;
    this.tellLoss(now);
  }

  /**
   * So many lines in all the receiver will not get; new ones since `since` (microseconds since the epoch). The number may
   * fall again, when a drain goes back: what was told then is told once.
   */
  lost(total: number, since: number, now: number): void {
    this.dropped = total;
    this.lostSince ??= since;
    this.tellLoss(now);
  }

  private tellLoss(now: number): void {
    const count = this.dropped - this.toldDropped;
    if (count <= 0 || this.lostSince === null || now - this.dropToldAt < TELL_EVERY_MS) return;
    const since = this.lostSince;
    this.dropToldAt = now;
    this.toldDropped = this.dropped;
    this.lostSince = null;
    this.tell(drainDropped(this.drain.token, count, since));
  }
}
