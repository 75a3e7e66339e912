import type { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import type { Logger } from '../../shared/logger.js';
import type { Store } from '../../store/store.js';
import type { DeliveryRecord } from '../../store/webhook-deliveries.js';
import type { WebhookHistory } from '../../store/webhook-events.js';
import { notification } from './notification.js';
import { afterAttempt, type AttemptEnd } from './schedule.js';
import type { Sender } from './sender.js';

/** Attempts at once, over all targets; one target has one at a time, so that it hears things in their order. */
const PARALLEL = 32;
const PRUNE_EVERY_MS = 60 * 60_000;
/** Deliveries between two prunings, however little time has passed. */
const PRUNE_EVERY = 500;
const KEPT: Omit<WebhookHistory, 'before'> = { kept: 1_000, most: 10_000 };
const KEPT_MS = 30 * 24 * 60 * 60_000;
/** After the store has failed. */
const AGAIN_MS = 1_000;
const POLL_MS = 50;

const NOT_ATTEMPTED: AttemptEnd = {
  status: 'failed',
  code: null,
  error: 'InternalError',
  nextAttemptAt: null,
};

interface UnderWay {
  readonly delivery: DeliveryRecord;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export interface WorkerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sender: Sender;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Delivers what is due. The queue is the store: what it says is to be delivered is delivered once at least, however often tfkd
 * is killed, and what was under way then is due again.
 */
export class DeliveryWorker {
  private readonly stopped = new AbortController();
  private readonly underWay = new Map<string, UnderWay>();
  private wakeUp = new AbortController();
  private pruneAt = 0;
  private sinceLastPruning = 0;
  private running: Promise<void> = Promise.resolve();
  private ending: Promise<void> | null = null;

  constructor(private readonly parts: WorkerParts) {}

  start(): void {
    this.parts.store.webhookDeliveries.redoUnfinished(this.parts.clock.now());
    this.running = this.run();
  }

  /** Something may be due. */
  wake(): void {
    this.wakeUp.abort();
  }

  /** The webhook is gone: what is under way to it is broken off. */
  abandon(webhookId: string): void {
    for (const { delivery, abort } of this.underWay.values())
      if (delivery.webhookId === webhookId) abort.abort();
  }

  /** Resolves when all that the app's webhooks are to be told was tried once, or after `limitMs`. */
  async tried(appId: string, limitMs: number): Promise<void> {
    const { store, clock } = this.parts;
    const { signal } = this.stopped;
    const until = clock.now() + limitMs;
    const untried = (): boolean =>
      store.webhookDeliveries
        .list(appId)
        .some(({ status }) => status === 'pending' || status === 'scheduled');
    while (!signal.aborted && clock.now() < until && untried()) await clock.sleep(POLL_MS, signal);
  }

  /** Breaks off what is under way; the next tfkd takes it up. */
  stop(): Promise<void> {
    return (this.ending ??= this.end());
  }

  private async end(): Promise<void> {
    this.stopped.abort();
    this.wake();
    for (const { abort } of this.underWay.values()) abort.abort();
    await this.running;
    await Promise.all([...this.underWay.values()].map(({ ended }) => ended));
    await this.parts.sender.close();
  }

  private async run(): Promise<void> {
    const { clock, logger } = this.parts;
    const { signal } = this.stopped;
    while (!signal.aborted) {
      // Before it looks, so that who wakes it meanwhile is not missed. Nothing here lets `stop` come in between.
      this.wakeUp = new AbortController();
      let pause = AGAIN_MS;
      try {
        this.prune();
        this.beginDue();
        pause = this.untilNext();
      } catch (error) {
        logger.error({ err: error }, 'delivering to webhooks failed, trying again');
      }
      await clock.sleep(pause, this.wakeUp.signal);
    }
  }

  private beginDue(): void {
    const { store, clock } = this.parts;
    while (this.underWay.size < PARALLEL) {
      const busy = [...this.underWay.values()].map(({ delivery }) => delivery.target);
      const delivery = store.webhookDeliveries.due(clock.now(), busy);
      if (!delivery) return;
      this.begin(delivery);
    }
  }

  private begin(delivery: DeliveryRecord): void {
    const attemptId = newId();
    this.parts.store.webhookDeliveries.begin(delivery.id, attemptId, this.parts.clock.now());
    const abort = new AbortController();
    const ended = this.attempt(delivery, attemptId, abort.signal)
      .catch((error: unknown) => this.couldNot(delivery, error, abort.signal))
      .finally(() => {
        this.underWay.delete(delivery.id);
        this.wake();
      });
    this.underWay.set(delivery.id, { delivery, abort, ended });
    this.sinceLastPruning += 1;
  }

  private async attempt(delivery: DeliveryRecord, attemptId: string, signal: AbortSignal): Promise<void> {
    const { store, clock, sender, random } = this.parts;
    const event = store.webhookEvents.find(delivery.eventId);
    const webhook = store.webhooks.find(delivery.webhookId);
    const secrets = store.webhooks.secrets(delivery.webhookId);
    if (!event || !webhook || !secrets) return;
    const ids = { attempt: attemptId, delivery: delivery.id, webhook: webhook.id };
    const reply = await sender.post({ url: webhook.url, ...notification(event, ids, secrets) }, signal);
    const end = afterAttempt(delivery, reply, { now: clock.now(), random: random() });
    await this.keep(delivery, end, signal);
  }

  /** Not the receiver's fault, and not cured by another attempt: a secret that does not open, for one. */
  private async couldNot(delivery: DeliveryRecord, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.parts.logger.error({ err: error, delivery: delivery.id }, 'a delivery could not be attempted');
    await this.keep(delivery, NOT_ATTEMPTED, signal);
  }

  /** Until the store takes it: else the delivery would be under way for ever. */
  private async keep(delivery: DeliveryRecord, end: AttemptEnd, signal: AbortSignal): Promise<void> {
    const { store, clock, logger } = this.parts;
    while (!signal.aborted) {
      try {
        store.webhookDeliveries.end(delivery.id, end, clock.now());
        return;
      } catch (error) {
        logger.error({ err: error, delivery: delivery.id }, 'the end of a delivery could not be stored');
        await clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  private prune(): void {
    const { store, clock } = this.parts;
    const now = clock.now();
    if (now < this.pruneAt && this.sinceLastPruning < PRUNE_EVERY) return;
    this.pruneAt = now + PRUNE_EVERY_MS;
    this.sinceLastPruning = 0;
    store.webhookEvents.prune({ ...KEPT, before: now - KEPT_MS });
  }

  private untilNext(): number {
    const { store, clock } = this.parts;
    const now = clock.now();
    const next = store.webhookDeliveries.nextDueAfter(now);
    return Math.max(0, Math.min(next ?? Infinity, this.pruneAt) - now);
  }
}
