import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Slug, type Slug as SlugJson } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { SlugRecord } from '../../store/slugs.js';
import type { Context } from '../context.js';
import { findApp, findSlug } from '../find.js';
import { STACK, timeOf } from '../platform.js';
import type { Services } from '../services.js';

interface Params {
  Params: { app: string; slug: string };
}

export function slugRoutes(app: FastifyInstance, { services, baseUrl }: Context): void {
  const find = ({ app: name, slug }: Params['Params']): SlugRecord =>
    findSlug(services, findApp(services, name), slug);

  app.get<Params>('/apps/:app/slugs/:slug', { schema: { response: { 200: Slug } } }, (request) =>
    slugJson(services, find(request.params), baseUrl(request), request),
  );
  app.get<Params>('/tfk/apps/:app/slugs/:slug/blob', { exposeHeadRoute: false }, ({ params }) => {
    find(params);
    throw new TfkError(
      'not_implemented',
      'A slug cannot be downloaded: engines keep it in a form of their own.',
    );
  });
  app.post<{ Params: { app: string } }>('/apps/:app/slugs', ({ params }) => {
    findApp(services, params.app);
    throw new TfkError('not_implemented', 'A ready-made slug cannot be uploaded.', {
      hint: 'Push the source instead: tfk push',
    });
  });
}

function slugJson(
  { records }: Pick<Services, 'records'>,
  slug: SlugRecord,
  baseUrl: string,
  { params }: FastifyRequest<Params>,
): SlugJson {
  const description = records.builds.firstOfSlug(slug.id)?.sourceDescription ?? null;
  const time = timeOf(slug.createdAt);
  return {
    blob: { method: 'GET', url: `${baseUrl}/tfk/apps/${params.app}/slugs/${slug.id}/blob` },
    buildpack_provided_description: slug.planner,
    checksum: slug.checksum,
    commit: slug.commit,
    commit_description: description,
    created_at: time,
    deleted_at: null,
    id: slug.id,
    process_types: slug.processTypes,
    size: slug.size,
    stack: STACK,
    updated_at: time,
  };
}
