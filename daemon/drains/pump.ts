import type { LogStore } from '../logs/log-store.js';
import { isAborted } from '../shared/aborted.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { batchOf, type Batch } from './batch.js';
import { cursorAt, cursorSource, readCursor, withLoss, writeCursor, type DrainCursor } from './cursor.js';
import type { DrainHealth } from './health.js';
import type { Outcome } from './outcome.js';
import { REFUSALS, retryDelay } from './retry.js';
import { Trail } from './trail.js';
import type { Transport } from './transport.js';

/** A batch at most; the bytes are Logplex's. */
const BATCH = { lines: 1_000, bytes: 100 * 1024 };
/** How long a batch may have been lost on its way, where the receiver does not confirm it. */
const DOUBT_MS = 2_000;
/** After the first line of a batch others are waited for. */
const GATHER_MS = 200;

export type DrainLog = Pick<LogStore, 'append' | 'cursor' | 'newest' | 'page' | 'arrival'>;

export interface PumpOptions {
  readonly drain: { readonly id: string; readonly appId: string; readonly token: string };
  readonly logs: DrainLog;
  readonly transport: Transport;
  readonly health: DrainHealth;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1. */
  readonly chance: () => number;
}

/**
 * Brings an app's lines from its history to one receiver: in order, a batch at a time, each until it is taken.
 *
 * It holds no line but those of the batch under way, so a receiver that is slow or away costs nothing but the place in the
 * history. The cursor moves when a batch was taken; where the batch ends is written down before it is sent first. So after
 * a crash at most that one batch is sent again, as it was and under its frame id.
 */
export class Pump {
  private readonly stopping = new AbortController();
  private cursor: DrainCursor;
  private maxBytes = BATCH.bytes;
  private refusals = 0;
  private readonly trail = new Trail(DOUBT_MS);
  private ended: Promise<void> = Promise.resolve();

  constructor(private readonly options: PumpOptions) {
    const { logs, drain } = options;
    const stored = logs.cursor(drain.appId, cursorSource(drain.id));
    // A history that was damaged began anew, and no drain has read of it.
    this.cursor = (stored === null ? null : readCursor(stored)) ?? cursorAt(0, 0);
    options.health.beginAt(this.cursor.dropped);
  }

  /** Lines that are still to be sent. */
  get pending(): number {
    return Math.max(0, this.options.logs.newest(this.options.drain.appId) - this.cursor.after);
  }

  get totals(): Pick<DrainCursor, 'delivered' | 'dropped'> {
    return this.cursor;
  }

  start(): void {
    this.ended = this.run();
  }

  /** Resolves when nothing is sent any more, which is at once. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the drain is stopped'));
    this.options.transport.close();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!isAborted(signal)) {
      try {
        await this.sendNext(signal);
      } catch (error) {
        // The history cannot be read just now: a full or a broken disk.
        const { appId, id } = this.options.drain;
        this.options.logger.error({ app: appId, drain: id, reason: messageOf(error) }, 'a drain cannot read');
        await this.wait({ kind: 'failed', reason: 'its lines cannot be read', certificate: false }, signal);
      }
    }
    this.options.transport.close();
  }

  private async sendNext(signal: AbortSignal): Promise<void> {
    const { clock, transport, health } = this.options;
    if (this.cursor.upTo === null) {
      await this.arrival(signal);
      this.goBackIfBroken();
      if (this.pending === 0) return;
      if (health.failure === null && this.pending < BATCH.lines) await clock.sleep(GATHER_MS, signal);
    }
    if (isAborted(signal)) return;
    this.goBackIfBroken();
    const batch = this.take();
    if (!batch) return;
    const outcome = await transport.send(batch, signal);
    if (isAborted(signal)) return;
    if (outcome.kind === 'taken') this.settle(batch);
    else await this.retry(batch, outcome, signal);
  }

  private async arrival(signal: AbortSignal): Promise<void> {
    const { logs, drain } = this.options;
    const appIsThere = this.trail.isEmpty
      ? await logs.arrival(drain.appId, this.cursor.after, signal)
      : await this.arrivalOrDoubtless(signal);
    if (!appIsThere) this.stopping.abort();
    // The history was damaged and has begun anew.
    if (logs.newest(drain.appId) < this.cursor.after) this.cursor = cursorAt(0, this.cursor.time);
  }

  /** Waits no longer than until the connection has shown that what was sent has arrived. */
  private async arrivalOrDoubtless(signal: AbortSignal): Promise<boolean> {
    const { logs, drain, clock } = this.options;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    signal.addEventListener('abort', stop, { once: true });
    const arrival = logs.arrival(drain.appId, this.cursor.after, waiting.signal);
    await Promise.race([arrival, clock.sleep(DOUBT_MS, waiting.signal)]);
    signal.removeEventListener('abort', stop);
    stop();
    return arrival;
  }

  private goBackIfBroken(): void {
    const { transport, clock } = this.options;
    const brokenAt = transport.brokenAt();
    if (brokenAt === null) this.trail.forgetSettled(clock.now());
    else this.move({ ...(this.trail.backTo(brokenAt) ?? this.cursor), upTo: null });
  }

  /** The batch that is due; its end is written down, so that it stays the same batch. */
  private take(): Batch | null {
    const { logs, drain, transport } = this.options;
    const span = { after: this.cursor.after, upTo: this.cursor.upTo ?? Number.MAX_SAFE_INTEGER };
    const page = logs.page(drain.appId, span, BATCH);
    const form = { framing: transport.framing, token: drain.token, maxBytes: this.maxBytes };
    const batch = batchOf(this.cursor, page, form);
    const upTo = batch?.next.after ?? null;
    if (upTo !== this.cursor.upTo) this.move({ ...this.cursor, upTo });
    return batch;
  }

  private settle(batch: Batch): void {
    const { health, clock, transport } = this.options;
    if (batch.dropped > 0) health.lost(batch.next.dropped, this.cursor.time, clock.now());
    this.refusals = 0;
    if (!transport.confirms) this.trail.add({ ...this.cursor, upTo: null }, clock.now());
    this.move(batch.next);
    health.taken(clock.now());
  }

  private async retry(
    batch: Batch,
    outcome: Exclude<Outcome, { kind: 'taken' }>,
    signal: AbortSignal,
  ): Promise<void> {
    if (outcome.kind === 'too large' && batch.lines > 1) this.maxBytes = Math.ceil(batch.body.length / 2);
    else if (outcome.kind !== 'failed') this.refusals += 1;
    if (this.refusals >= REFUSALS) this.giveUp(batch);
    await this.wait(outcome, signal);
  }

  /** The receiver is told of the loss with the next batch that it takes. */
  private giveUp(batch: Batch): void {
    const { health, clock } = this.options;
    const loss = withLoss(batch.loss, batch.lines, this.cursor.time);
    const dropped = batch.next.dropped + batch.lines;
    health.lost(dropped, this.cursor.time, clock.now());
    this.refusals = 0;
    this.move({ ...batch.next, loss, delivered: this.cursor.delivered, dropped });
  }

  private async wait(outcome: Exclude<Outcome, { kind: 'taken' }>, signal: AbortSignal): Promise<void> {
    const { health, clock, chance } = this.options;
    const now = clock.now();
    const failure = health.failed(outcome, now, (failures) => retryDelay(failures, chance()));
    await clock.sleep(failure.nextTryAt - now, signal);
  }

  private move(cursor: DrainCursor): void {
    const { logs, drain, logger } = this.options;
    this.cursor = cursor;
    try {
      logs.append(drain.appId, [], { source: cursorSource(drain.id), value: writeCursor(cursor) });
    } catch (error) {
      // Lines go on to the receiver; what is sent after the last cursor that was kept would be sent again after a crash.
      logger.error({ app: drain.appId, drain: drain.id, reason: messageOf(error) }, 'a cursor is not kept');
    }
  }
}
