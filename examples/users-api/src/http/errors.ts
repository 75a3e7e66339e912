import type { FastifyInstance } from 'fastify';
import { isDatabaseAway } from '../database.js';

/** Every error has the same shape: `{ error, message, request_id }`. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} ${request.url}`;
    return reply.code(404).send({ error: 'not_found', message, request_id: request.id });
  });

  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (isDatabaseAway(error)) {
      request.log.warn({ error: error.message }, 'the database is away');
      const message = 'The database does not answer. Nothing was changed; try again.';
      return reply
        .code(503)
        .header('retry-after', '1')
        .send({ error: 'unavailable', message, request_id: request.id });
    }
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply.code(status).send({ error: 'invalid', message: error.message, request_id: request.id });
    request.log.error({ err: error }, 'request failed');
    const message = 'Something went wrong here; the log tells more under this request_id.';
    return reply.code(500).send({ error: 'internal', message, request_id: request.id });
  });
}
