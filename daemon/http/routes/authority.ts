import type { FastifyInstance } from 'fastify';
import { Authority } from '../../../api/index.js';
import type { Context } from '../context.js';
import { timeOf } from '../platform.js';

/** Ours: what a client of HTTPS and rendezvous has to trust. */
export function authorityRoutes(app: FastifyInstance, { services }: Context): void {
  app.get('/tfk/authority', { schema: { response: { 200: Authority } } }, () => {
    const { certificate, path, expiresAt } = services.authority.current();
    return { certificate, path, expires_at: timeOf(expiresAt) };
  });
}
