import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAborted } from '../shared/aborted.js';
import type { Clock } from '../shared/clock.js';
import { codeOf, messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { LogLines, type LineSpan } from '../store/log-lines.js';
import { Arrivals } from './arrivals.js';
import type { LogFilter, LogLine, Logs, NewLogLine } from './entry.js';
import { historyTrimmed, linesLost, logSetAside, platformLine } from './platform.js';
import { Tail } from './tail.js';

/** Lines that one query may look at: with a rare match, that is what a turn of the event loop costs (some 5 ms). */
const WINDOW = 20_000;
/** Lines that a reader of history holds in memory: at most 1 MB. */
const PAGE = 100;

export interface LogStoreOptions {
  /** `<home>/logs` */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of one app's lines on disk. */
  readonly budgetBytes?: number;
  readonly maxOpen?: number;
}

/**
 * The log lines of all apps: durable, in order, bounded.
 *
 * A reader sees a line only after its commit, so that no crash can repeat it. Lines that come with a cursor are committed
 * or the call throws. Lines of the platform's own never make a caller fail: what the disk does not take is counted, and
 * an L13 line says so as soon as it takes lines again.
 */
export class LogStore implements Logs {
  private readonly lines: LogLines;
  private readonly tails = new Map<string, Tail>();
  private readonly arrivals = new Arrivals();
  private readonly lost = new Map<string, { count: number; since: number }>();
  /** Late lines of a destroyed app (its dynos are just being removed) must not bring its file back. */
  private readonly dropped = new Set<string>();
  private readonly logger: Logger;
  private readonly now: () => number;

  constructor(options: LogStoreOptions) {
    this.logger = options.logger;
    this.now = () => options.clock.now() * 1000;
    this.lines = new LogLines({
      folder: options.folder,
      budgetBytes: options.budgetBytes ?? 256 * 1024 * 1024,
      maxOpen: options.maxOpen ?? 64,
      now: this.now,
      texts: { trimmed: historyTrimmed, setAside: logSetAside },
      onSetAside: (appId, file, error) => {
        this.logger.error(
          { app: appId, file, reason: messageOf(error) },
          'a damaged log database was set aside',
        );
      },
    });
  }

  append(
    appId: string,
    lines: readonly NewLogLine[],
    cursor?: { readonly source: string; readonly value: string },
  ): void {
    if (this.dropped.has(appId) || (lines.length === 0 && !cursor)) return;
    try {
      const stored = this.lines.append(appId, this.afterLoss(appId, lines), cursor);
      this.lost.delete(appId);
      this.tails.get(appId)?.publish(stored);
      if (stored.length > 0) this.arrivals.tell(appId);
    } catch (error) {
      if (cursor || !isDiskTrouble(error)) throw error;
      this.countLost(appId, lines.length, error);
    }
  }

  cursor(appId: string, source: string): string | null {
    return this.lines.cursor(appId, source);
  }

  /** Removes the cursor of a source that will not come back (a removed dyno, a deleted file). */
  forget(appId: string, source: string): void {
    this.lines.forget(appId, source);
  }

  newest(appId: string): number {
    return this.lines.newest(appId);
  }

  last(appId: string, filter: LogFilter, count: number): LogLine[] {
    const found: LogLine[] = [];
    for (const window of this.windowsBack(appId, filter)) {
      if (found.length >= count) break;
      for (const line of this.lines.last(appId, filter, window, count - found.length)) found.push(line);
    }
    return found.reverse();
  }

  /**
   * The sequence after which the last `count` matching lines begin: where to follow or read from to get just those.
   * Lets others run while it looks through a long history.
   */
  async seek(appId: string, filter: LogFilter, count: number): Promise<number> {
    let from = this.newest(appId);
    let missing = count;
    for (const window of this.windowsBack(appId, filter)) {
      if (missing <= 0) break;
      const found = this.lines.lastSequences(appId, filter, window, missing);
      missing -= found.length;
      from = (found.at(-1) ?? from + 1) - 1;
      await nextTurn();
    }
    return from;
  }

  /** The lines above `after` and not above `upTo` that match, a page in memory at a time. Says what went under the reader. */
  async *read(
    appId: string,
    filter: LogFilter,
    after: number,
    upTo: number,
  ): AsyncGenerator<LogLine | { readonly dropped: number }> {
    const span = this.lines.span(appId, filter.since, filter.until);
    const end = Math.min(upTo, span.upTo);
    let at = Math.max(after, span.after);
    while (at < end) {
      const oldest = this.lines.oldest(appId);
      // The oldest row is the notice that took a dropped line's place. Nobody can tell which of those would have matched.
      if (at > 0 && oldest > at + 1) yield { dropped: Math.min(oldest, end) - at };
      at = Math.max(at, oldest - 1);
      const window = { after: at, upTo: Math.min(at + WINDOW, end) };
      const page = this.lines.first(appId, filter, window, PAGE);
      yield* page;
      at = page.length === PAGE ? (page.at(-1)?.sequence ?? window.upTo) : window.upTo;
      await nextTurn();
    }
  }

  /**
   * The lines above `after` and not above `upTo`, but no more than `most.lines`, and no more pages once `most.bytes` are
   * reached: for a reader that keeps its own place. `dropped`: how many the budget took before the first of them.
   */
  page(
    appId: string,
    { after, upTo }: LineSpan,
    most: { readonly lines: number; readonly bytes: number },
  ): { readonly dropped: number; readonly lines: LogLine[] } {
    const oldest = this.lines.oldest(appId);
    const found: LogLine[] = [];
    let bytes = 0;
    let at = after;
    while (found.length < most.lines && bytes < most.bytes) {
      const limit = Math.min(PAGE, most.lines - found.length);
      const lines = this.lines.first(appId, {}, { after: at, upTo }, limit);
      for (const line of lines) bytes += line.text.length;
      found.push(...lines);
      at = lines.at(-1)?.sequence ?? at;
      if (lines.length < limit) break;
    }
    // The oldest row is the notice that took the place of the last dropped line.
    return { dropped: oldest > after + 1 ? oldest - after : 0, lines: found };
  }

  /**
   * Resolves when the newest line is another than `after`, when the app is gone, or when the signal aborts. Answers whether
   * the app is still there.
   */
  async arrival(appId: string, after: number, signal: AbortSignal): Promise<boolean> {
    while (!isAborted(signal) && !this.dropped.has(appId) && this.newest(appId) === after)
      await this.arrivals.next(appId, signal);
    return !this.dropped.has(appId);
  }

  async *follow(
    appId: string,
    filter: LogFilter,
    sequence: number,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine | { readonly dropped: number }> {
    // One turn for both: every line is either history or published to the reader, and none is both.
    const upTo = this.newest(appId);
    const tail = this.tail(appId);
    const reader = tail.join(filter, signal);
    try {
      for await (const event of this.read(appId, filter, sequence, upTo)) {
        if (signal.aborted) return;
        yield event;
      }
      for (let event = await reader.next(); event; event = await reader.next()) yield event;
    } finally {
      reader.leave();
      if (tail.idle && this.tails.get(appId) === tail) this.tails.delete(appId);
    }
  }

  drop(appId: string): void {
    this.dropped.add(appId);
    this.lost.delete(appId);
    this.lines.drop(appId);
    this.tails.get(appId)?.end();
    this.tails.delete(appId);
    this.arrivals.tell(appId);
  }

  /** Removes what belongs to none of these apps: tfkd may have died between an app's end and its lines'. */
  prune(appIds: readonly string[]): void {
    const kept = new Set(appIds);
    for (const appId of this.lines.apps()) if (!kept.has(appId)) this.drop(appId);
  }

  /** Ends all readers and closes all files. Nothing may be appended after it. */
  close(): void {
    for (const tail of this.tails.values()) tail.end();
    this.lines.close();
  }

  private tail(appId: string): Tail {
    const known = this.tails.get(appId);
    if (known) return known;
    const tail = new Tail();
    if (this.dropped.has(appId)) tail.end();
    else this.tails.set(appId, tail);
    return tail;
  }

  private *windowsBack(appId: string, filter: LogFilter): Generator<LineSpan> {
    const span = this.lines.span(appId, filter.since, filter.until);
    const floor = Math.max(span.after, this.lines.oldest(appId) - 1);
    let upTo = Math.min(span.upTo, this.newest(appId));
    while (upTo > floor) {
      const after = Math.max(upTo - WINDOW, floor);
      yield { after, upTo };
      upTo = after;
    }
  }

  private afterLoss(appId: string, lines: readonly NewLogLine[]): readonly NewLogLine[] {
    const lost = this.lost.get(appId);
    return lost ? [platformLine('logplex', linesLost(lost.count, lost.since)), ...lines] : lines;
  }

  private countLost(appId: string, count: number, error: unknown): void {
    const lost = this.lost.get(appId);
    if (!lost) this.logger.error({ app: appId, reason: messageOf(error) }, 'log lines cannot be stored');
    this.lost.set(appId, { count: (lost?.count ?? 0) + count, since: lost?.since ?? this.now() });
  }
}

/** The disk or the file system, not our own mistake. */
function isDiskTrouble(error: unknown): boolean {
  return /^(SQLITE_(FULL|IOERR|BUSY|READONLY|CANTOPEN|NOMEM|CORRUPT)|ENOSPC|EDQUOT|EIO|EROFS|EACCES|EMFILE|ENFILE)/.test(
    codeOf(error) ?? '',
  );
}
