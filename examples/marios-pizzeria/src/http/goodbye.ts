import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { Server } from 'node:net';

/** How long clients with an idle connection have to use it once more, and to hear that they should come by another. */
const GOODBYE_MS = 1000;
/** How long running requests have to finish; the platform kills after 30 s. */
const PATIENCE_MS = 20_000;

/**
 * Makes `app.close()` lose no request: nobody new is let in, what runs is finished, and each answer says `Connection: close`.
 * Idle connections are not cut at once, since the next request may be on its way already.
 */
export function sayGoodbye(app: FastifyInstance): void {
  let closing = false;
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    closing = true;
    if (!app.server.listening) return;
    const closed = once(app.server, 'close');
    // The close of an HTTP server would cut the idle ones; that of its base class stops listening and no more.
    Server.prototype.close.call(app.server);
    const goodbye = setTimeout(() => app.server.closeIdleConnections(), GOODBYE_MS);
    const patience = setTimeout(() => app.server.closeAllConnections(), PATIENCE_MS);
    await closed;
    clearTimeout(goodbye);
    clearTimeout(patience);
  });
}
