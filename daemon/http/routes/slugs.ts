import type { FastifyInstance } from 'fastify';
import { CreateSlug, Slug, type Slug as SlugJson } from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { SlugUploadRecord } from '../../store/slug-uploads.js';
import type { Context } from '../context.js';
import { findApp, findSlug } from '../find.js';
import { CONTAINER, STACK, timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { uploadRoute } from '../upload.js';
import { assertPlatform } from './apps.js';

const PATH = '/tfk/slugs/';

interface OfApp {
  Params: { app: string };
}
interface OfSlug {
  Params: { app: string; slug: string };
}
interface Secret {
  Params: { secret: string };
}

/** A slug that was built elsewhere is announced, uploaded, and then released as any other. */
export function slugRoutes(app: FastifyInstance, { services, baseUrl }: Context): void {
  app.post<OfApp & { Body: CreateSlug }>(
    '/apps/:app/slugs',
    { schema: { body: CreateSlug, response: { 201: Slug } } },
    (request, reply) => {
      const upload = announce(services, findApp(services, request.params.app), request.body);
      void reply.status(201);
      const url = `${baseUrl(request)}${PATH}${upload.putSecret}`;
      return { ...announcedJson(upload), blob: { method: 'PUT', url } };
    },
  );
  app.get<OfSlug>('/apps/:app/slugs/:slug', { schema: { response: { 200: Slug } } }, (request) => {
    const record = findApp(services, request.params.app);
    const url = (slug: { id: string; appId: string }): string =>
      `${baseUrl(request)}${PATH}${services.slugs.blobSecret(slug)}`;
    return slugJson(services, record, request.params.slug, url);
  });
  const secretUrl = { config: { secretUrl: true }, exposeHeadRoute: false };
  app.get<Secret>(`${PATH}:secret`, secretUrl, async ({ params }, reply) => {
    const id = services.records.slugBlobs.slugOf(params.secret);
    const slug = id === undefined ? undefined : services.records.slugs.byId(id);
    if (!slug) throw noBlob();
    void reply.type('application/gzip');
    return reply.send(await services.slugs.open(slug));
  });
  uploadRoute(app, PATH, {
    find(secret) {
      const upload = services.records.slugUploads.byPutSecret(secret);
      if (!upload) throw noBlob();
      return upload;
    },
    take: (upload, body, length) => services.slugs.receive(upload, body, length),
  });
}

const noBlob = (): TfkError =>
  notFound(
    'slug',
    'There is no such slug, or nothing was uploaded to it.',
    'Ask for a new one: POST /apps/APP/slugs',
  );

function announce(services: Services, { id, name }: AppRecord, body: CreateSlug): SlugUploadRecord {
  const { stack, checksum, commit } = body;
  if (stack != null) assertPlatform({ stack });
  if (stack === CONTAINER.name || stack === CONTAINER.id) throw noContainer(name);
  return services.slugs.announce({
    appId: id,
    processTypes: body.process_types,
    buildpackDescription: body.buildpack_provided_description ?? null,
    checksum: checksum ?? null,
    commit: commit ?? null,
    commitDescription: body.commit_description ?? null,
  });
}

const noContainer = (app: string): TfkError =>
  new TfkError('invalid_params', 'A slug is a folder of files, and the stack container is of images.', {
    hint: `Release an image by: tfk push --image NAME -a ${app}`,
  });

/** As it was announced. */
function announcedJson(upload: SlugUploadRecord): Omit<SlugJson, 'blob'> {
  return {
    buildpack_provided_description: upload.buildpackDescription,
    checksum: upload.checksum,
    commit: upload.commit,
    commit_description: upload.commitDescription,
    created_at: timeOf(upload.createdAt),
    deleted_at: null,
    id: upload.id,
    process_types: upload.processTypes,
    size: null,
    stack: STACK,
    updated_at: timeOf(upload.receivedAt ?? upload.createdAt),
  };
}

function slugJson(
  services: Services,
  app: AppRecord,
  id: string,
  urlOf: (slug: { id: string; appId: string }) => string,
): SlugJson {
  const { records } = services;
  const upload = records.slugUploads.byId(id);
  const announced = upload?.appId === app.id ? announcedJson(upload) : null;
  if (announced && !records.slugs.byId(id))
    return { ...announced, blob: { method: 'GET', url: urlOf({ id, appId: app.id }) } };
  const slug = findSlug(services, app, id);
  const time = timeOf(slug.createdAt);
  return {
    buildpack_provided_description: slug.planner,
    commit_description: records.builds.firstOfSlug(slug.id)?.sourceDescription ?? null,
    updated_at: time,
    ...announced,
    blob: { method: 'GET', url: urlOf(slug) },
    checksum: slug.checksum,
    commit: slug.commit,
    created_at: time,
    deleted_at: null,
    id: slug.id,
    process_types: slug.processTypes,
    size: slug.size,
    stack: STACK,
  };
}
