import type { DrainCursor } from './cursor.js';

/**
 * Where the drain was before each batch that it has sent a short while ago, for a receiver that does not answer: that the
 * system took a batch does not mean that it arrived. If the connection breaks soon after, the drain goes back to before it.
 */
export class Trail {
  private sent: { readonly before: DrainCursor; readonly at: number }[] = [];

  /** @param keepMs how long after it was sent a batch is in doubt */
  constructor(private readonly keepMs: number) {}

  get isEmpty(): boolean {
    return this.sent.length === 0;
  }

  add(before: DrainCursor, at: number): void {
    this.forgetSettled(at);
    this.sent.push({ before, at });
  }

  /** The connection is as it was: what was sent long enough ago has arrived. */
  forgetSettled(now: number): void {
    this.sent = this.sent.filter(({ at }) => now - at < this.keepMs);
  }

  /** The connection broke: where to go back to; null when nothing is in doubt. */
  backTo(brokenAt: number): DrainCursor | null {
    this.forgetSettled(brokenAt);
    const [first] = this.sent;
    this.sent = [];
    return first?.before ?? null;
  }
}
