import type { FastifyInstance } from 'fastify';
import { AppEngine, MoveApp, MovedApp, type AppEngine as AppEngineJson } from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import { buildJson } from './builds.js';

interface OfApp {
  Params: { app: string };
}

/** Which engine builds an app, and its move to another one. */
export function engineRoutes(app: FastifyInstance, context: Context): void {
  const { services, actor } = context;
  const toJson = (record: AppRecord): AppEngineJson => ({
    engine: record.engine,
    running_on: services.engines.runningOn(record),
    engines: [...services.engines.names()],
  });

  app.get<OfApp>('/tfk/apps/:app/engine', { schema: { response: { 200: AppEngine } } }, ({ params }) =>
    toJson(findApp(services, params.app)),
  );
  app.patch<OfApp & { Body: MoveApp }>(
    '/tfk/apps/:app/engine',
    { schema: { body: MoveApp, response: { 200: MovedApp } } },
    async (request) => {
      const record = findApp(services, request.params.app);
      const build = await services.engines.move(record, request.body.engine, actor(request));
      return {
        ...toJson(findApp(services, record.id)),
        build: build && buildJson(services, context.baseUrl(request), build),
      };
    },
  );
}
