import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Source } from '../../../api/index.js';
import { notFound, type TfkError } from '../../shared/errors.js';
import type { SourceRecord } from '../../store/sources.js';
import type { Context } from '../context.js';
import type { Services } from '../services.js';
import { uploadRoute } from '../upload.js';

const PATH = '/tfk/sources/';

interface Secret {
  Params: { secret: string };
}

export function sourceRoutes(app: FastifyInstance, context: Context): void {
  const { services, baseUrl } = context;
  const options = { schema: { response: { 201: Source } } };
  const create = (request: FastifyRequest): Source => {
    const { putSecret, getSecret } = services.sources.create();
    const at = (secret: string): string => `${baseUrl(request)}${PATH}${secret}`;
    return { source_blob: { get_url: at(getSecret), put_url: at(putSecret) } };
  };
  app.post('/sources', options, (request, reply) => {
    void reply.status(201);
    return create(request);
  });
  app.post('/apps/:app/sources', options, (request, reply) => {
    void reply.status(201);
    return create(request);
  });
  const secretUrl = { config: { secretUrl: true }, exposeHeadRoute: false };
  app.get<Secret>(`${PATH}:secret`, secretUrl, ({ params }, reply) => {
    const source = services.records.sources.byGetSecret(params.secret);
    if (source?.receivedAt == null) throw noSource();
    void reply.type('application/octet-stream').header('content-length', source.size ?? undefined);
    return reply.send(services.sources.open(source));
  });
  uploadRoute(app, PATH, {
    find(secret) {
      const source = services.records.sources.byPutSecret(secret);
      if (!source) throw noSource();
      return source;
    },
    take: (source, body, length) => services.sources.receive(source, body, length),
  });
}

const noSource = (): TfkError =>
  notFound(
    'source',
    'There is no such source, or nothing was uploaded to it.',
    'Ask for a new one: POST /sources',
  );

/**
 * The source that a build names by its `get_url`, as an absolute path or with the address it was told under; null: the URL is
 * of somewhere else.
 */
export function sourceOfUrl(services: Services, url: string, baseUrl: string): SourceRecord | null {
  const path = baseUrl !== '' && url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url;
  if (!path.startsWith(PATH)) return null;
  const source = services.records.sources.byGetSecret(path.slice(PATH.length));
  if (source) return source;
  throw notFound('source', 'The build names a source that is not here.', 'Ask for a new one: POST /sources');
}
