import Fastify, { LogController, type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { Logger } from '../log.js';
import type { Store } from '../stores/store.js';
import { answerErrors } from './errors.js';
import { sayGoodbye } from './goodbye.js';
import { orderRoutes } from './orders.js';

export interface AppOptions {
  readonly store: Store;
  readonly log: Logger;
  readonly release: string;
}

/** The whole API, without a port: `listen` on it, or `inject` into it. */
export function buildApp({ store, log, release: version }: AppOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    // The router's id, so that its log lines and ours can be joined.
    requestIdHeader: 'x-request-id',
    genReqId: () => randomUUID(),
    bodyLimit: 64 * 1024,
    // What still comes while we stop is served, and its answer says `Connection: close`.
    return503OnClosing: false,
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const ms = Math.round(reply.elapsedTime);
    request.log.info({ method, path: url, status: reply.statusCode, ms }, 'request');
  });
  sayGoodbye(app);
  answerErrors(app);
  app.get('/health', async () => {
    await store.ping();
    return { status: 'healthy', store: store.kind, version };
  });
  orderRoutes(app, store);
  return app;
}
