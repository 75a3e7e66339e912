import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  BuildpackInstallation,
  UpdateBuildpackInstallations,
  type BuildpackInstallation as BuildpackInstallationJson,
} from '../../../api/index.js';
import { isOnMachine } from '../access/requester.js';
import type { Context } from '../context.js';
import { findApp } from '../find.js';
import type { InstalledBuildpack } from '../services.js';

interface OfApp {
  Params: { app: string };
}

/** The buildpacks that are set on an app. */
export function buildpackInstallationRoutes(app: FastifyInstance, { services }: Context): void {
  const response = { 200: Type.Array(BuildpackInstallation) };
  app.get<OfApp>('/apps/:app/buildpack-installations', { schema: { response } }, ({ params }) =>
    services.buildpacks.installed(findApp(services, params.app)).map(toJson),
  );
  app.put<OfApp & { Body: UpdateBuildpackInstallations }>(
    '/apps/:app/buildpack-installations',
    { schema: { body: UpdateBuildpackInstallations, response } },
    (request) => {
      const references = request.body.updates.map(({ buildpack = '' }) => buildpack);
      const app = findApp(services, request.params.app);
      return services.buildpacks.install(app, references, { local: isOnMachine(request) }).map(toJson);
    },
  );
}

const toJson = ({ name, url }: InstalledBuildpack, ordinal: number): BuildpackInstallationJson => ({
  buildpack: { name, url },
  ordinal,
});
