import type { Event, EventKind, NewOrder, Order } from '../orders.js';

/**
 * Where orders and their events are kept. Which one it is says the URL alone; the app knows only this. Whatever a method changes is
 * changed whole or not at all, the events with it.
 */
export interface Store {
  /** `postgres`, `mongodb` or `memory`. */
  readonly kind: string;
  /** Brings the schema up to date; answers what was done. Two at once do it once. */
  migrate(): Promise<readonly string[]>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  /** Keeps a new order, with the event `order.placed`. */
  place(order: NewOrder): Promise<Order>;
  find(id: string): Promise<Order | null>;
  /** The newest first. */
  list(limit: number): Promise<readonly Order[]>;
  /**
   * Hands the oldest event that nobody has to `handle`, and keeps what it answers; false when there is none. Two never have the
   * same. When `handle` rejects or the process dies, the event is handled later: it may be handled twice, and never not at all.
   */
  consume(handle: (event: Event) => Promise<Outcome>): Promise<boolean>;
  /** Marks the orders that were placed before and are not ready, each once, with the event `order.late`. Answers how many. */
  markLate(placedBefore: Date): Promise<number>;
  /** Of the orders placed from one time to another. */
  report(from: Date, to: Date): Promise<Report>;
  /** Is `holder` now the one who has `name`, and nobody else for that long? */
  lease(name: string, holder: string, ms: number): Promise<boolean>;
  /** Resolves after `ms`, when the process is to stop, or as soon as there may be a new event, where the store can tell. */
  news(ms: number, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What an event leads to. */
export interface Outcome {
  readonly ready?: true;
  readonly emit?: EventKind;
}

export interface Report {
  readonly orders: number;
  readonly pizzas: number;
  readonly late: number;
}
