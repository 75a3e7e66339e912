import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Build, CreateBuild, type Build as BuildJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { BuildRecord } from '../../store/builds.js';
import { isOnMachine } from '../access/requester.js';
import type { Context } from '../context.js';
import { findApp, findBuild } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { GENERATION, STACK, timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { sendStream } from '../streams.js';
import { userRef } from '../users.js';
import { sourceOfUrl } from './sources.js';

interface OfApp {
  Params: { app: string };
}
interface OfBuild {
  Params: { app: string; build: string };
}

const ORDERS: Orders<BuildRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

export function buildRoutes(app: FastifyInstance, context: Context): void {
  const { services, actor, baseUrl } = context;
  const one = { schema: { response: { 200: Build } } };

  app.post<OfApp & { Body: CreateBuild }>(
    '/apps/:app/builds',
    { schema: { body: CreateBuild, response: { 201: Build } } },
    async (request, reply) => {
      const record = findApp(services, request.params.app);
      const { url, version, version_description, checksum } = request.body.source_blob;
      const build = await services.builds.create({
        app: record,
        source: sourceOfUrl(services, url, baseUrl(request)),
        url,
        version: version ?? null,
        description: version_description ?? null,
        checksum: checksum ?? null,
        buildpacks: wishedBuildpacks(request.body.buildpacks),
        local: isOnMachine(request),
        actor: actor(request),
      });
      void reply.status(201);
      return buildJson(services, baseUrl(request), build);
    },
  );
  app.get<OfApp>(
    '/apps/:app/builds',
    { schema: { response: { 200: Type.Array(Build) } } },
    (request, reply) =>
      sendPage(request, reply, {
        items: services.records.builds.list(findApp(services, request.params.app).id),
        orders: ORDERS,
        toJson: (build) => buildJson(services, baseUrl(request), build),
      }),
  );
  app.get<OfBuild>('/apps/:app/builds/:build', one, (request) =>
    buildJson(services, baseUrl(request), find(context, request.params)),
  );
  app.delete<OfBuild>('/apps/:app/builds/:build', one, async (request) =>
    buildJson(services, baseUrl(request), await services.builds.cancel(find(context, request.params))),
  );
  app.delete<OfApp>('/apps/:app/build-cache', async ({ params }) => {
    await services.builds.purgeCache(findApp(services, params.app));
    return {};
  });
  buildOutputRoute(app, context);
}

/** Without any, those of the app. */
function wishedBuildpacks(wished: CreateBuild['buildpacks']): string[] | null {
  if (wished == null || wished.length === 0) return null;
  return wished.map(({ name, url }) => url ?? name ?? '');
}

const find = ({ services }: Context, params: OfBuild['Params']): BuildRecord =>
  findBuild(services, findApp(services, params.app), params.build);

/** The last byte is sent after the build's row has its end: who reads on to the end reads the right status after it. */
function buildOutputRoute(app: FastifyInstance, context: Context): void {
  const { services } = context;
  app.get<{ Params: { secret: string } }>(
    '/tfk/builds/:secret/output',
    { config: { secretUrl: true }, exposeHeadRoute: false },
    async ({ params }, reply) => {
      const build = services.records.builds.byOutputSecret(params.secret);
      if (!build) throw notFound('build', 'There is no such build output.');
      await sendStream(context, reply, (signal) => services.builds.output(build, signal), {
        contentType: 'text/plain; charset=utf-8',
        heartbeat: '\0',
      });
    },
  );
}

/** `baseUrl`: what the address of its output begins with. */
/** Unguessable, so that it needs no token. */
export const outputUrlOf = (baseUrl: string, { outputSecret }: BuildRecord): string =>
  `${baseUrl}/tfk/builds/${outputSecret}/output`;

export function buildJson(services: Services, baseUrl: string, build: BuildRecord): BuildJson {
  return {
    app: { id: build.appId },
    buildpacks: build.buildpacks.length === 0 ? null : [...services.buildpacks.named(build.buildpacks)],
    created_at: timeOf(build.createdAt),
    generation: GENERATION.name,
    id: build.id,
    output_stream_url: outputUrlOf(baseUrl, build),
    release: build.releaseId === null ? null : { id: build.releaseId },
    slug: build.slugId === null ? null : { id: build.slugId },
    source_blob: {
      checksum: build.sourceChecksum,
      url: build.sourceUrl,
      version: build.sourceVersion,
      version_description: build.sourceDescription,
    },
    stack: STACK.name,
    status: build.status,
    updated_at: timeOf(build.updatedAt),
    user: userRef(services, build.userEmail),
    queue_position: services.builds.queuePosition(build),
    message: build.message,
    unchanged: build.status === 'succeeded' && build.releaseId === null,
  };
}
