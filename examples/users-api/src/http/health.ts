import type { FastifyInstance } from 'fastify';
import type { Database } from '../database.js';

/** Ready means: able to do its work, which is nothing without the database. */
export function healthRoute(app: FastifyInstance, options: { database: Database; release: string }): void {
  const { database, release: version } = options;
  app.get('/health', async (request, reply) => {
    try {
      await database.query('SELECT 1');
      return { status: 'healthy', database: 'connected', version };
    } catch (error) {
      request.log.warn({ error: error instanceof Error ? error.message : error }, 'not healthy');
      return reply.code(503).send({ status: 'unhealthy', database: 'unreachable', version });
    }
  });
}
