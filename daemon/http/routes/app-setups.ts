import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppSetup, CreateAppSetup, type AppSetup as AppSetupJson } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AppSetupRecord } from '../../store/app-setups.js';
import type { Context } from '../context.js';
import { findApp, findAppSetup } from '../find.js';
import { timeOf } from '../platform.js';
import { assertPlatform, buildStackOf } from './apps.js';
import { outputUrlOf } from './builds.js';
import { sourceOfUrl } from './sources.js';

export function appSetupRoutes(app: FastifyInstance, context: Context): void {
  const { services, actor, baseUrl } = context;
  app.post<{ Body: CreateAppSetup }>(
    '/app-setups',
    { schema: { body: CreateAppSetup, response: { 202: AppSetup } } },
    async (request, reply) => {
      const { app: wish = {}, source_blob: blob, overrides = {} } = request.body;
      assertHere(wish);
      const setup = await services.appSetups.create({
        name: wish.name ?? null,
        buildStack: buildStackOf(wish.stack),
        source: sourceOfUrl(services, blob.url, baseUrl(request)),
        url: blob.url,
        version: blob.version ?? null,
        checksum: blob.checksum ?? null,
        env: overrides.env ?? {},
        buildpacks: (overrides.buildpacks ?? []).map(({ url }) => url),
        actor: actor(request),
      });
      void reply.status(202);
      return setupJson(context, request, setup);
    },
  );
  app.get<{ Params: { setup: string } }>(
    '/app-setups/:setup',
    { schema: { response: { 200: AppSetup } } },
    (request) => setupJson(context, request, findAppSetup(services, request.params.setup)),
  );
}

function assertHere({ region, stack, organization, space }: NonNullable<CreateAppSetup['app']>): void {
  assertPlatform({ ...(region === undefined ? {} : { region }), ...(stack === undefined ? {} : { stack }) });
  if (organization == null && space == null) return;
  throw new TfkError('invalid_params', 'There are no teams and no spaces here. Nothing was made.', {
    hint: 'Leave out `organization` and `space`.',
  });
}

function setupJson(context: Context, request: FastifyRequest, setup: AppSetupRecord): AppSetupJson {
  const { services } = context;
  const app = findApp(services, setup.appId);
  const build = setup.buildId === null ? undefined : services.records.builds.byId(setup.buildId);
  const { postdeploy } = setup;
  return {
    app: { id: app.id, name: app.name },
    build: build
      ? {
          id: build.id,
          status: build.status,
          output_stream_url: outputUrlOf(context.baseUrl(request), build),
        }
      : null,
    created_at: timeOf(setup.createdAt),
    failure_message: setup.failureMessage,
    id: setup.id,
    manifest_errors: [...setup.manifestErrors],
    postdeploy: postdeploy && { exit_code: postdeploy.exitCode, output: postdeploy.output },
    resolved_success_url:
      setup.status === 'succeeded' ? resolved(setup.successUrl, services.apps.url(app)) : null,
    status: setup.status,
    updated_at: timeOf(setup.updatedAt),
  };
}

/** A path is the app's own; without a `success_url` there is nowhere to go. */
function resolved(successUrl: string | null, appUrl: string): string | null {
  if (successUrl === null) return null;
  return URL.canParse(successUrl, appUrl) ? new URL(successUrl, appUrl).href : null;
}
