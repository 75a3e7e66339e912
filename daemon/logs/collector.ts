import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DynoHandle, Engine, LogBatch } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { Logs, NewLogLine } from './entry.js';
import { bytesDropped, platformLine } from './platform.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

export interface CollectorOptions {
  readonly engine: Pick<Engine, 'followLogs'>;
  readonly logs: Pick<Logs, 'append' | 'cursor'> & { forget(appId: string, source: string): void };
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface DynoOrigin {
  /** `web.1` */
  readonly dyno: string;
  readonly releaseVersion: number;
}

interface Tracked {
  readonly appId: string;
  readonly handle: DynoHandle;
  readonly origin: DynoOrigin;
  readonly abort: AbortController;
  /** Microseconds: when lines last came, or tracking began. */
  heardAt: number;
  ended: Promise<void>;
}

/**
 * Brings the lines of dynos from the engine into the log, each once: what was appended and how far that is are committed
 * together, and after a crash the engine is asked from there on. Holds one batch per dyno, and appends one batch per turn
 * of the event loop, so that a dyno that floods its log takes neither memory nor tfkd's attention.
 */
export class Collector {
  private readonly tracked = new Map<string, Tracked>();
  private turn: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: CollectorOptions) {}

  /** Collects a dyno's lines until it has exited and all are stored. Without effect for a dyno that is tracked already. */
  track(appId: string, handle: DynoHandle, origin: DynoOrigin): void {
    if (this.stopped || this.tracked.has(handle.instance)) return;
    const abort = new AbortController();
    const tracked: Tracked = { appId, handle, origin, abort, heardAt: this.now(), ended: Promise.resolve() };
    this.tracked.set(handle.instance, tracked);
    tracked.ended = this.collect(tracked);
  }

  /**
   * Resolves when all lines of an exited dyno are stored, so that it may be removed; at once for a dyno that is not
   * tracked. While the engine or the disk fails it keeps trying: whoever cannot wait calls `untrack`, which ends it.
   */
  async drained(instance: string): Promise<void> {
    await this.tracked.get(instance)?.ended;
  }

  /** Ends collecting, and forgets how far it was: to be called when the engine has removed the dyno, not before. */
  async untrack(instance: string): Promise<void> {
    const tracked = this.tracked.get(instance);
    if (!tracked) return;
    tracked.abort.abort();
    await tracked.ended;
    this.tracked.delete(instance);
    try {
      this.options.logs.forget(tracked.appId, instance);
    } catch (error) {
      this.warn(tracked, error, 'a log cursor stays behind');
    }
  }

  /** Ends all collecting; the next tfkd goes on where this one was. Nothing is appended once it has resolved. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const tracked of this.tracked.values()) tracked.abort.abort();
    await Promise.all([...this.tracked.values()].map((tracked) => tracked.ended));
  }

  private async collect(tracked: Tracked): Promise<void> {
    const { signal } = tracked.abort;
    const attempts = new Backoff(this.options.clock, signal);
    while (!signal.aborted) {
      try {
        await this.followOnce(tracked, attempts);
        return;
      } catch (error) {
        if (tracked.abort.signal.aborted) return;
        this.warn(tracked, error, 'the engine does not give log lines, trying again');
        await attempts.wait();
      }
    }
  }

  private async followOnce(tracked: Tracked, attempts: Backoff): Promise<void> {
    const { appId, handle, abort } = tracked;
    const cursor = this.options.logs.cursor(appId, handle.instance);
    const deliver = async (batch: LogBatch) => {
      await this.store(tracked, batch);
      attempts.reset();
    };
    await this.options.engine.followLogs(handle, cursor, deliver, abort.signal);
  }

  /** Resolves only when the batch is committed: what it stands for is forgotten by the engine after that. */
  private async store(tracked: Tracked, batch: LogBatch): Promise<void> {
    const { signal } = tracked.abort;
    const attempts = new Backoff(this.options.clock, signal);
    const lines = this.linesOf(tracked, batch);
    const cursor = { source: tracked.handle.instance, value: batch.cursor };
    for (;;) {
      await this.myTurn();
      if (signal.aborted) throw new Error('collecting this dyno has ended');
      try {
        this.options.logs.append(tracked.appId, lines, cursor);
        tracked.heardAt = this.now();
        return;
      } catch (error) {
        this.warn(tracked, error, 'log lines cannot be stored, trying again');
        await attempts.wait();
      }
    }
  }

  private linesOf({ origin, heardAt }: Tracked, batch: LogBatch): NewLogLine[] {
    const { dyno, releaseVersion: release } = origin;
    const lines = batch.lines.map(({ time, stream, text }): NewLogLine => ({
      time,
      source: 'app',
      dyno,
      stream,
      release,
      text,
    }));
    if (batch.lostBytes > 0) {
      lines.unshift(platformLine(dyno, bytesDropped(batch.lostBytes, heardAt), release));
    }
    return lines;
  }

  /** One batch per turn over all dynos, in the order they came. */
  private myTurn(): Promise<unknown> {
    this.turn = this.turn.then(() => nextTurn());
    return this.turn;
  }

  private now(): number {
    return this.options.clock.now() * 1000;
  }

  private warn(tracked: Tracked, error: unknown, what: string): void {
    const { appId: app, origin, handle } = tracked;
    this.options.logger.warn(
      { app, dyno: origin.dyno, instance: handle.instance, reason: messageOf(error) },
      what,
    );
  }
}

/** Waits longer with every failure, up to half a minute. */
class Backoff {
  private failures = 0;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  async wait(): Promise<void> {
    await this.clock.sleep(Math.min(FIRST_RETRY_MS * 2 ** this.failures, LAST_RETRY_MS), this.signal);
    this.failures += 1;
  }

  reset(): void {
    this.failures = 0;
  }
}
