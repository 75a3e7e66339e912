import type { FastifyInstance, FastifyReply } from 'fastify';
import { App } from '../../../api/index.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { appJson } from './apps.js';

interface OfApp {
  Params: { app: string };
}

/** Automatic certificates of an app. Heroku's clients send bodies that say nothing more. */
export function acmRoutes(app: FastifyInstance, { services }: Context): void {
  const path = '/apps/:app/acm';
  const one = { schema: { response: { 200: App } } };

  app.post<OfApp>(path, one, async ({ params }, reply) => {
    const record = findApp(services, params.app);
    warn(reply);
    return appJson(services, await services.certificates.setAutomatic(record, true));
  });
  app.patch<OfApp>(path, one, async ({ params }, reply) => {
    const record = findApp(services, params.app);
    warn(reply);
    return appJson(services, await services.certificates.renew(record));
  });
  app.delete<OfApp>(path, one, async ({ params }) => {
    const record = findApp(services, params.app);
    return appJson(services, await services.certificates.setAutomatic(record, false));
  });
}

/** Heroku's clients print this header: who signs here is not who signs there. */
function warn(reply: FastifyReply): void {
  void reply.header(
    'x-heroku-warning',
    "These certificates are signed by this machine's own authority, which browsers trust after: tfk certs:trust",
  );
}
