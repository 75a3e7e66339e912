import type { IncomingMessage } from 'node:http';
import type { ProxyContext, Watched } from './context.js';

/**
 * A request was answered before its body had come in. Cutting at once could destroy the answer on its way, so the rest is
 * read and thrown away for a while; after that the connection is cut.
 */
export function linger(context: ProxyContext, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const deadline = context.now() + context.limits.lingerMs;
  const watched: Watched = {
    check(now) {
      const over = request.complete || request.destroyed;
      if (!over && now < deadline) return;
      context.watched.delete(watched);
      if (!over) request.destroy();
    },
  };
  context.watched.add(watched);
  request.resume();
}
