import { MongoClient, MongoServerError, type Collection } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.js';
import type { Event, EventKind, NewOrder, Order } from '../orders.js';
import { pause } from '../stopping.js';
import type { Outcome, Report, Store } from './store.js';

/** An order's document holds its open events too: one document is changed whole or not at all, on a single server as well. */
interface OrderDocument extends Omit<Order, 'id' | 'pizzas'> {
  readonly _id: string;
  readonly pizzas: string[];
  readonly events: { readonly kind: EventKind; readonly at: Date }[];
  /** Until then a worker has its first event. */
  readonly claimedUntil: Date;
}

interface LeaseDocument {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}

/** Longer than any event takes: a worker that died gives its event back after that. */
const CLAIM_MS = 60_000;

export class MongoStore implements Store {
  readonly kind = 'mongodb';
  private readonly client: MongoClient;
  private readonly orders: Collection<OrderDocument>;
  private readonly leases: Collection<LeaseDocument>;

  constructor(config: Config) {
    this.client = new MongoClient(config.storeUrl, {
      appName: config.dyno,
      maxPoolSize: config.poolSize,
      serverSelectionTimeoutMS: config.storeTimeoutMs,
      socketTimeoutMS: config.storeTimeoutMs,
    });
    const database = this.client.db();
    this.orders = database.collection('orders');
    this.leases = database.collection('leases');
  }

  /** There is no schema but the indexes, which are there once however often they are asked for. */
  async migrate(): Promise<readonly string[]> {
    const there = new Set((await this.orders.indexes().catch(() => [])).map(({ name }) => name));
    const wanted = { by_time: { placedAt: -1 }, open_events: { 'events.0.at': 1 } } as const;
    const due = Object.entries(wanted).filter(([name]) => !there.has(name));
    for (const [name, key] of due) await this.orders.createIndex(key, { name });
    return due.map(([name]) => name);
  }

  async ping(): Promise<void> {
    await this.client.db().command({ ping: 1 });
  }

  async place({ customer, pizzas }: NewOrder): Promise<Order> {
    const placedAt = new Date();
    const document: OrderDocument = {
      _id: randomUUID(),
      customer,
      pizzas: [...pizzas],
      status: 'placed',
      late: false,
      placedAt,
      readyAt: null,
      events: [{ kind: 'order.placed', at: placedAt }],
      claimedUntil: new Date(0),
    };
    await this.orders.insertOne(document);
    return asOrder(document);
  }

  async find(id: string): Promise<Order | null> {
    const document = await this.orders.findOne({ _id: id });
    return document && asOrder(document);
  }

  async list(limit: number): Promise<readonly Order[]> {
    return (await this.orders.find().sort({ placedAt: -1 }).limit(limit).toArray()).map(asOrder);
  }

  async consume(handle: (event: Event) => Promise<Outcome>): Promise<boolean> {
    const now = new Date();
    const claimedUntil = new Date(now.getTime() + CLAIM_MS);
    const document = await this.orders.findOneAndUpdate(
      { 'events.0': { $exists: true }, claimedUntil: { $lte: now } },
      { $set: { claimedUntil } },
      { sort: { 'events.0.at': 1 }, returnDocument: 'after' },
    );
    const kind = document?.events[0]?.kind;
    if (!document || kind === undefined) return false;
    const mine = { _id: document._id, claimedUntil };
    try {
      await this.finish(mine, await handle({ kind, order: asOrder(document) }));
    } catch (error) {
      await this.orders.updateOne(mine, { $set: { claimedUntil: new Date(0) } });
      throw error;
    }
    return true;
  }

  /** Takes the event away, or puts what it led to in its place, in one change. */
  private async finish(mine: { _id: string; claimedUntil: Date }, { ready, emit }: Outcome): Promise<void> {
    const now = new Date();
    const kept = { claimedUntil: new Date(0), ...(ready && { status: 'ready' as const, readyAt: now }) };
    await this.orders.updateOne(
      mine,
      emit
        ? { $set: { ...kept, 'events.0': { kind: emit, at: now } } }
        : { $set: kept, $pop: { events: -1 } },
    );
  }

  async markLate(placedBefore: Date): Promise<number> {
    const { modifiedCount } = await this.orders.updateMany(
      { status: 'placed', late: false, placedAt: { $lt: placedBefore } },
      { $set: { late: true }, $push: { events: { kind: 'order.late', at: new Date() } } },
    );
    return modifiedCount;
  }

  async report(from: Date, to: Date): Promise<Report> {
    const placed = this.orders.find({ placedAt: { $gte: from, $lt: to } }).project({ pizzas: 1, late: 1 });
    const report = { orders: 0, pizzas: 0, late: 0 };
    for await (const { pizzas, late } of placed as AsyncIterable<Pick<OrderDocument, 'pizzas' | 'late'>>) {
      report.orders += 1;
      report.pizzas += pizzas.length;
      if (late) report.late += 1;
    }
    return report;
  }

  /** Two that insert the same lease at once: one of them breaks its key, and has it not. */
  async lease(name: string, holder: string, ms: number): Promise<boolean> {
    const now = new Date();
    try {
      await this.leases.updateOne(
        { _id: name, $or: [{ holder }, { until: { $lt: now } }] },
        { $set: { holder, until: new Date(now.getTime() + ms) } },
        { upsert: true },
      );
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === 11_000) return false;
      throw error;
    }
  }

  news(ms: number, stop: AbortSignal): Promise<void> {
    return pause(ms, stop);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function asOrder({ _id, events: _events, claimedUntil: _claimed, ...order }: OrderDocument): Order {
  return { id: _id, ...order };
}
