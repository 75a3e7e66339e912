import Fastify, { LogController, type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { Database } from '../database.js';
import type { Logger } from '../log.js';
import { answerErrors } from './errors.js';
import { sayGoodbye } from './goodbye.js';
import { healthRoute } from './health.js';
import { userRoutes } from './users.js';

export interface AppOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly release: string;
}

/** The whole API, without a port: `listen` on it, or `inject` into it. */
export function buildApp({ database, log, release }: AppOptions): FastifyInstance {
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
  logRequests(app);
  sayGoodbye(app);
  answerErrors(app);
  healthRoute(app, { database, release });
  userRoutes(app, database);
  return app;
}

function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const ms = Math.round(reply.elapsedTime);
    request.log.info({ method, path: url, status: reply.statusCode, ms }, 'request');
  });
}
