import type { Clock } from '../../../../shared/clock.js';
import type { DynoLine } from '../../../engine.js';
import type { DockerClient } from '../../client.js';
import type { ContainerEnd } from '../container-end.js';
import type { Delivery } from '../delivery.js';
import type { Mark } from '../progress.js';
import { compareTimes, type LogRecord } from '../records/record.js';
import { DISORDER_MICROS, Resumption } from '../resumption.js';
import { LogFrames } from './log-frames.js';
import { chunksOf, requestLog, type LogQuery } from './log-request.js';

/** After a quiet time, how long the first line waits for others to share its batch. */
const GATHER_MS = 50;
/** How often an idle follower looks without having been told. */
const IDLE_MS = 5_000;
/** How many of the newest records are asked for at least, and by how much more when the last one taken is not among them. */
const TAIL = { least: 500, growth: 8, most: 500_000 } as const;

/**
 * Follows a container's log by the API: asks for the newest records until the one taken last is among them, and goes on behind
 * it. A stream that follows would do the same with less, but Docker 20.10 loses, repeats and breaks off at each change of
 * files; here it only tells that there is something new.
 */
export class ApiFollower {
  private tail: number = TAIL.least;
  /** Bytes of the last answer that may or may not have been taken. */
  private doubtful = 0;

  constructor(
    private readonly parts: { readonly client: DockerClient; readonly clock: Clock },
    private readonly containerId: string,
    private readonly delivery: Delivery,
    private readonly end: ContainerEnd,
  ) {}

  /** Resolves when the container has ended and all is delivered, or when following was aborted. */
  async follow(): Promise<void> {
    while (!this.end.isAborted()) {
      // Asked before reading: if it had ended by then, there is nothing more.
      const ended = this.end.hasEnded();
      const some = await this.readNew();
      if (some || this.end.isAborted()) continue;
      if (ended) return this.delivery.finish(this.doubtful);
      await this.untilMore();
    }
  }

  /** Everything behind the mark that is there now; answers whether there was anything. */
  private async readNew(): Promise<boolean> {
    const { mark } = this.delivery.progress;
    for (let { tail } = this; mark && tail <= TAIL.most; tail *= TAIL.growth) {
      const sieve = new Sieve(mark, 'newest');
      const taken = await this.read({ tail, follow: false }, sieve);
      if (sieve.short) continue;
      this.tail = Math.max(TAIL.least, 2 * taken);
      return taken > 0;
    }
    const sieve = new Sieve(mark, 'all');
    const taken = await this.read(
      { tail: null, follow: false, ...(mark && { since: sinceOf(mark) }) },
      sieve,
    );
    this.doubtful = sieve.doubtful;
    return taken > 0;
  }

  /** How many records were new. */
  private async read(query: LogQuery, sieve: Sieve): Promise<number> {
    const { caller } = this.end;
    const stream = await requestLog(this.parts.client, this.containerId, query, caller);
    if (!stream) return 0;
    const frames = new LogFrames();
    let taken = 0;
    for await (const chunk of chunksOf(stream, caller)) {
      const { fresh, lost } = sieve.sift(frames.take(chunk));
      if (sieve.short) break;
      if (lost > 0) await this.delivery.lose(lost);
      await this.take(fresh);
      taken += fresh.length;
    }
    sieve.finish();
    return taken;
  }

  private async take(records: readonly LogRecord[]): Promise<void> {
    const { progress } = this.delivery;
    const lines: DynoLine[] = [];
    for (const record of records) progress.take(record, lines);
    if (records.length > 0) progress.offset = null;
    await this.delivery.deliver(lines);
  }

  /** Until there is a record behind the mark, the container has ended, or some time has passed. */
  private async untilMore(): Promise<void> {
    const { signal } = this.end;
    const news = new AbortController();
    const wake = () => news.abort();
    signal.addEventListener('abort', wake, { once: true });
    try {
      await Promise.race([this.clock.sleep(IDLE_MS, news.signal), this.untilNews(news.signal)]);
    } finally {
      signal.removeEventListener('abort', wake);
      wake();
    }
    await this.clock.sleep(GATHER_MS, signal);
  }

  /** The newest record comes at once, whether it is new or not, and then those to come. */
  private async untilNews(signal: AbortSignal): Promise<void> {
    const { mark } = this.delivery.progress;
    const query: LogQuery = { tail: mark ? 1 : null, follow: true };
    const stream = await requestLog(this.parts.client, this.containerId, query, signal);
    if (!stream) return;
    const frames = new LogFrames();
    for await (const chunk of chunksOf(stream, signal)) {
      if (frames.take(chunk).some((record) => !mark || compareTimes(record.time, mark.time) !== 0)) return;
    }
  }

  private get clock(): Clock {
    return this.parts.clock;
  }
}

/** Lets through what stands behind the mark. */
class Sieve {
  /** Was too little asked for, so that the mark was not there? */
  short = false;
  private readonly resumption: Resumption;
  private begun: boolean;

  constructor(
    private readonly mark: Mark | null,
    private readonly of: 'newest' | 'all',
  ) {
    this.resumption = new Resumption(mark);
    this.begun = of === 'all';
  }

  sift(records: readonly LogRecord[]): { readonly fresh: readonly LogRecord[]; readonly lost: number } {
    const fresh: LogRecord[] = [];
    let lost = 0;
    for (const record of records) {
      const judgement = this.resumption.judge(record);
      lost += judgement.lost;
      this.short ||= this.beginsTooLate(record) || (this.of === 'newest' && lost > 0);
      if (!judgement.skip) fresh.push(record);
    }
    return { fresh, lost };
  }

  /** No more records come. */
  finish(): void {
    this.short ||= this.of === 'newest' && !this.resumption.resolved;
  }

  /** Bytes that may or may not have been taken. */
  get doubtful(): number {
    return this.resumption.unresolved;
  }

  /** The mark may be a piece of a line; the one with its number is known only if the first piece is there. */
  private beginsTooLate({ stream, time }: LogRecord): boolean {
    if (this.begun || stream !== this.mark?.stream) return false;
    this.begun = true;
    return compareTimes(time, this.mark.time) >= 0;
  }
}

/** A little before the mark: what stands behind it may carry an earlier time. Text, since a number loses the nanoseconds. */
function sinceOf({ time }: Mark): string {
  const micros = time.micros - DISORDER_MICROS;
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}000`;
}
