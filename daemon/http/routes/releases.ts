import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CreateRelease, Release, type Release as ReleaseJson } from '../../../api/index.js';
import { eligibleForRollback, rollbackWarnings } from '../../release/rollback.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { ReleaseRecord } from '../../store/releases.js';
import type { Context } from '../context.js';
import { findApp, findRelease, findSlug } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { sendStream } from '../streams.js';
import { userRef } from '../users.js';
import { findImage } from './oci-images.js';

interface OfApp {
  Params: { app: string };
}
interface OfRelease {
  Params: { app: string; release: string };
}

const ORDERS: Orders<ReleaseRecord> = {
  version: ({ version }) => version,
  id: ({ id }) => id,
};

export function releaseRoutes(app: FastifyInstance, context: Context): void {
  const { services, baseUrl } = context;
  app.get<OfApp>(
    '/apps/:app/releases',
    { schema: { response: { 200: Type.Array(Release) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      const items = services.records.releases.list(record.id);
      const toJson = (release: ReleaseRecord): ReleaseJson =>
        releaseJson(services, baseUrl(request), record, release);
      return sendPage(request, reply, { items, orders: ORDERS, toJson });
    },
  );
  app.get<OfRelease>(
    '/apps/:app/releases/:release',
    { schema: { response: { 200: Release } } },
    (request) => {
      const record = findApp(services, request.params.app);
      const release = findRelease(services, record, request.params.release);
      return releaseJson(services, baseUrl(request), record, release);
    },
  );
  app.post<OfApp & { Body: CreateRelease }>(
    '/apps/:app/releases',
    { schema: { body: CreateRelease, response: { 201: Release } } },
    async (request, reply) => {
      const record = findApp(services, request.params.app);
      const { release, warnings } = await create(context, request, record, request.body);
      void reply.status(201);
      // Heroku's clients print it, and so does ours.
      if (warnings.length > 0) void reply.header('x-heroku-warning', warnings.join(' '));
      return releaseJson(services, baseUrl(request), findApp(services, record.id), release);
    },
  );
  releaseOutputRoute(app, context);
}

interface Made {
  readonly release: ReleaseRecord;
  readonly warnings: readonly string[];
}

async function create(
  context: Context,
  request: FastifyRequest,
  app: AppRecord,
  { release, slug, oci_image, ...body }: CreateRelease,
): Promise<Made> {
  const { services } = context;
  const actor = context.actor(request);
  const description = body.description ?? null;
  if ([release, slug, oci_image].filter((named) => named !== undefined).length !== 1)
    throw new TfkError(
      'invalid_params',
      'Name one of them: the release to go back to, or the slug or image to release.',
    );
  if (release !== undefined) {
    const target = findRelease(services, app, String(release));
    const result = await services.releases.rollback(app.id, target, actor);
    return { release: result.release, warnings: rollbackWarnings(target, result.release) };
  }
  if (oci_image !== undefined) {
    const image = findImage(services, app, oci_image);
    return { release: await services.images.releaseImage(app, image, description, actor), warnings: [] };
  }
  const { id } = findSlug(services, app, slug ?? '');
  return { release: await services.releases.releaseSlug(app.id, id, description, actor), warnings: [] };
}

function releaseOutputRoute(app: FastifyInstance, context: Context): void {
  const { services } = context;
  app.get<{ Params: { secret: string } }>(
    '/tfk/releases/:secret/output',
    { config: { secretUrl: true }, exposeHeadRoute: false },
    async ({ params }, reply) => {
      const release = services.records.releases.byOutputSecret(params.secret);
      if (!release) throw notFound('release', 'There is no such release output.');
      await sendStream(context, reply, (signal) => services.releases.output(release, signal), {
        contentType: 'text/plain; charset=utf-8',
        heartbeat: '\0',
      });
    },
  );
}

/** `baseUrl`: what the address of its output begins with. */
export function releaseJson(
  services: Services,
  baseUrl: string,
  app: AppRecord,
  release: ReleaseRecord,
): ReleaseJson {
  const { outputSecret } = release;
  return {
    addon_plan_names: release.bindings.map(({ plan }) => plan),
    app: { id: app.id, name: app.name },
    artifacts: [],
    created_at: timeOf(release.createdAt),
    current: release.id === app.currentReleaseId,
    description: release.description,
    eligible_for_rollback: eligibleForRollback(release),
    id: release.id,
    output_stream_url: outputSecret === null ? null : `${baseUrl}/tfk/releases/${outputSecret}/output`,
    slug: release.slugId === null ? null : { id: release.slugId },
    status: release.status,
    updated_at: timeOf(release.updatedAt),
    user: userRef(services, release.userEmail),
    version: release.version,
    message: release.message,
  };
}
