import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogFilter, LogLine } from './entry.js';
import { filterKey, matches } from './filter.js';

const MAX_LINES = 1_500;
const MAX_BYTES = 1024 * 1024;
/** What a line costs beside its text. */
const LINE_BYTES = 128;
/** Lines that all readers of an app together take in one turn of the event loop: some 10 ms. */
const LINES_PER_TURN = 8_000;

/**
 * The newest lines of one app, for those who follow it. Readers with the same filter share one ring, and each remembers
 * only how far it has come: a line costs a writer the same whether one reads or thousands, and what a slow reader missed
 * is the distance between it and the ring's start.
 */
export class Tail {
  private readonly rings = new Map<string, Ring>();
  private pending: (readonly LogLine[])[] = [];
  private ended = false;
  private readers = 0;

  /** Does nobody follow? */
  get idle(): boolean {
    return this.rings.size === 0;
  }

  /** Takes committed lines; readers are woken once per turn of the event loop, however often this is called in it. */
  publish(lines: readonly LogLine[]): void {
    if (this.rings.size === 0 || lines.length === 0) return;
    if (this.pending.length === 0) setImmediate(() => this.flush());
    this.pending.push(lines);
  }

  /** A reader of all lines that are published from now on. */
  join(filter: LogFilter, signal: AbortSignal): TailReader {
    this.flush();
    const key = filterKey(filter);
    const ring = this.rings.get(key) ?? new Ring(filter);
    if (this.ended) ring.end();
    this.rings.set(key, ring);
    this.readers += 1;
    return new TailReader(ring, signal, {
      share: () => Math.max(8, Math.floor(LINES_PER_TURN / this.readers)),
      left: () => {
        this.readers -= 1;
        if (ring.leave()) this.rings.delete(key);
      },
    });
  }

  /** The app is gone: every reader gets what it has not read yet, and then its end. */
  end(): void {
    this.flush();
    this.ended = true;
    for (const ring of this.rings.values()) ring.end();
  }

  private flush(): void {
    const batches = this.pending;
    this.pending = [];
    if (batches.length === 0) return;
    for (const ring of this.rings.values()) {
      for (const lines of batches) ring.take(lines);
      ring.wake();
    }
  }
}

/** Lines have ordinals (how many matched before them); a slot is an ordinal's rest by the ring's size. */
class Ring {
  private readonly slots = new Array<LogLine | undefined>(MAX_LINES);
  private bytes = 0;
  private waiting = new Set<() => void>();
  private readers = 0;
  start = 0;
  next = 0;
  ended = false;

  constructor(private readonly filter: LogFilter) {}

  enter(): void {
    this.readers += 1;
  }

  /** Answers whether nobody reads any more. */
  leave(): boolean {
    this.readers -= 1;
    return this.readers === 0;
  }

  take(lines: readonly LogLine[]): void {
    for (const line of lines) if (matches(this.filter, line)) this.push(line);
  }

  at(ordinal: number): LogLine | undefined {
    return this.slots[ordinal % MAX_LINES];
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  wake(): void {
    const woken = this.waiting;
    this.waiting = new Set();
    for (const resume of woken) resume();
  }

  /** Resolves at the next lines, at the end, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        signal.removeEventListener('abort', resume);
        this.waiting.delete(resume);
        resolve();
      };
      this.waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  }

  private push(line: LogLine): void {
    if (this.next - this.start === MAX_LINES) this.dropOldest();
    this.slots[this.next % MAX_LINES] = detached(line);
    this.next += 1;
    this.bytes += sizeOf(line);
    while (this.bytes > MAX_BYTES && this.next - this.start > 1) this.dropOldest();
  }

  private dropOldest(): void {
    const oldest = this.at(this.start);
    if (oldest) this.bytes -= sizeOf(oldest);
    this.slots[this.start % MAX_LINES] = undefined;
    this.start += 1;
  }
}

/** What a reader asks and tells the tail it belongs to. */
interface Membership {
  /** Lines that it may take in a turn: readers that are many fall behind rather than hold up tfkd. */
  readonly share: () => number;
  readonly left: () => void;
}

export class TailReader {
  private ordinal: number;
  private taken = 0;

  constructor(
    private readonly ring: Ring,
    private readonly signal: AbortSignal,
    private readonly membership: Membership,
  ) {
    this.ordinal = ring.next;
    ring.enter();
  }

  /** The next line, or how many were missed before it; undefined at the end (aborted, or the app is gone). */
  async next(): Promise<LogLine | { readonly dropped: number } | undefined> {
    while (!this.signal.aborted) {
      if (this.taken >= this.membership.share()) await this.letOthersRun();
      const dropped = this.ring.start - this.ordinal;
      if (dropped > 0) {
        this.ordinal = this.ring.start;
        return { dropped };
      }
      if (this.ordinal < this.ring.next) {
        this.ordinal += 1;
        this.taken += 1;
        return this.ring.at(this.ordinal - 1);
      }
      if (this.ring.ended) return undefined;
      await this.ring.changed(this.signal);
      this.taken = 0;
    }
    return undefined;
  }

  private async letOthersRun(): Promise<void> {
    await nextTurn();
    this.taken = 0;
  }

  /** To be called once, when reading is over. */
  leave(): void {
    this.membership.left();
  }
}

/** A text may be a slice that keeps the whole batch it was cut from in memory, 64 KB for one line: the ring keeps a copy. */
function detached(line: LogLine): LogLine {
  const { sequence, time, source, dyno, stream, release } = line;
  return { sequence, time, source, dyno, stream, release, text: Buffer.from(line.text).toString() };
}

/** Strings in memory take one or two bytes a character; two is the safe guess. */
function sizeOf(line: LogLine): number {
  return line.text.length * 2 + LINE_BYTES;
}
