import type { FastifyInstance } from 'fastify';
import { ConfigVars, UpdateConfigVars } from '../../../api/index.js';
import type { Context } from '../context.js';
import { findApp, findRelease } from '../find.js';

interface OfApp {
  Params: { app: string };
}

export function configVarRoutes(app: FastifyInstance, { services, actor }: Context): void {
  const whole = { response: { 200: ConfigVars } };
  app.get<OfApp>(
    '/apps/:app/config-vars',
    { config: { scope: 'read-protected' }, schema: whole },
    ({ params }) => services.releases.config(findApp(services, params.app).id),
  );
  /** Answers the whole config as it is after the change, also while the release's command is still running. */
  app.patch<OfApp & { Body: UpdateConfigVars }>(
    '/apps/:app/config-vars',
    { config: { scope: 'write-protected' }, schema: { body: UpdateConfigVars, ...whole } },
    async (request) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const { release } = await services.releases.setConfig(record.id, body, actor(request));
      return release.config;
    },
  );
  app.get<{ Params: { app: string; release: string } }>(
    '/apps/:app/releases/:release/config-vars',
    { config: { scope: 'read-protected' }, schema: whole },
    ({ params }) => findRelease(services, findApp(services, params.app), params.release).config,
  );
}
