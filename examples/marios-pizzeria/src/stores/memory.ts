import { randomUUID } from 'node:crypto';
import type { Event, EventKind, NewOrder, Order } from '../orders.js';
import { pause } from '../stopping.js';
import type { Outcome, Report, Store } from './store.js';

/** For tests, and for a first look: it is one process's own, and gone with it. */
export class MemoryStore implements Store {
  readonly kind = 'memory';
  private readonly orders = new Map<string, Order>();
  private readonly leases = new Map<string, { holder: string; until: number }>();
  private events: { readonly kind: EventKind; readonly id: string }[] = [];

  async migrate(): Promise<readonly string[]> {
    return [];
  }

  async ping(): Promise<void> {}

  async place(order: NewOrder): Promise<Order> {
    const id = randomUUID();
    const placed: Order = {
      ...order,
      id,
      status: 'placed',
      late: false,
      placedAt: new Date(),
      readyAt: null,
    };
    this.orders.set(id, placed);
    this.events.push({ kind: 'order.placed', id });
    return placed;
  }

  async find(id: string): Promise<Order | null> {
    return this.orders.get(id) ?? null;
  }

  async list(limit: number): Promise<readonly Order[]> {
    return [...this.orders.values()].reverse().slice(0, limit);
  }

  async consume(handle: (event: Event) => Promise<Outcome>): Promise<boolean> {
    const event = this.events.shift();
    const order = event && this.orders.get(event.id);
    if (!order) return false;
    try {
      const { ready, emit } = await handle({ kind: event.kind, order });
      if (ready) this.orders.set(order.id, { ...order, status: 'ready', readyAt: new Date() });
      if (emit) this.events.push({ kind: emit, id: order.id });
    } catch (error) {
      this.events.push(event);
      throw error;
    }
    return true;
  }

  async markLate(placedBefore: Date): Promise<number> {
    const late = [...this.orders.values()].filter(
      (order) => order.status === 'placed' && !order.late && order.placedAt < placedBefore,
    );
    for (const order of late) this.orders.set(order.id, { ...order, late: true });
    this.events.push(...late.map(({ id }) => ({ kind: 'order.late' as const, id })));
    return late.length;
  }

  async report(from: Date, to: Date): Promise<Report> {
    const placed = [...this.orders.values()].filter(({ placedAt }) => placedAt >= from && placedAt < to);
    return {
      orders: placed.length,
      pizzas: placed.reduce((sum, { pizzas }) => sum + pizzas.length, 0),
      late: placed.filter(({ late }) => late).length,
    };
  }

  async lease(name: string, holder: string, ms: number): Promise<boolean> {
    const held = this.leases.get(name);
    if (held && held.holder !== holder && held.until > Date.now()) return false;
    this.leases.set(name, { holder, until: Date.now() + ms });
    return true;
  }

  news(ms: number, stop: AbortSignal): Promise<void> {
    return pause(ms, stop);
  }

  async close(): Promise<void> {}
}
