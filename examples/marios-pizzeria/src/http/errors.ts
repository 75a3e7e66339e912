import type { FastifyInstance } from 'fastify';

const AWAY =
  /^(ECONN\w+|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|08\w{3}|57P0\d|53300|Mongo(ServerSelection|Network\w*)Error)$/;
const LOST = /connection terminated|timeout exceeded|query read timeout|not queryable/i;

/** Every error has the same shape: `{ error, message, request_id }`. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} ${request.url}`;
    return reply.code(404).send({ error: 'not_found', message, request_id: request.id });
  });

  app.setErrorHandler<Error & { statusCode?: number; code?: unknown }>((error, request, reply) => {
    const request_id = request.id;
    if (AWAY.test(String(error.code ?? error.name)) || AWAY.test(error.name) || LOST.test(error.message)) {
      request.log.warn({ error: error.message }, 'the store is away');
      const message = 'The store does not answer. Nothing was changed; try again.';
      return reply.code(503).header('retry-after', '1').send({ error: 'unavailable', message, request_id });
    }
    if ((error.statusCode ?? 500) < 500)
      return reply
        .code(error.statusCode ?? 400)
        .send({ error: 'invalid', message: error.message, request_id });
    request.log.error({ err: error }, 'request failed');
    const message = 'Something went wrong here; the log tells more under this request_id.';
    return reply.code(500).send({ error: 'internal', message, request_id });
  });
}
