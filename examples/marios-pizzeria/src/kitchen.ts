import type { Logger } from './log.js';
import type { Event } from './orders.js';
import { pause } from './stopping.js';
import type { Outcome } from './stores/store.js';

/** What each event leads to. An event may come twice, after a crash: an order that is ready is not baked again. */
export function kitchen(log: Logger, bakingMs: number): (event: Event) => Promise<Outcome> {
  return async ({ kind, order }) => {
    const about = { event: kind, order: order.id };
    switch (kind) {
      case 'order.placed':
        if (order.status === 'ready') return {};
        await pause(bakingMs, new AbortController().signal);
        log.info(about, `baked ${order.pizzas.join(', ')}`);
        return { ready: true, emit: 'order.ready' };
      case 'order.ready':
        log.info(about, `told ${order.customer} that all is ready`);
        return {};
      case 'order.late':
        log.warn(about, `asked ${order.customer} for patience`);
        return {};
    }
  };
}
