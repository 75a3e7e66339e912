import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { ClaimPush } from '../../../api/index.js';
import { ERROR_STATUS, TfkError } from '../../shared/errors.js';
import { requesterOf } from '../access/requester.js';
import { assertScope } from '../access/scopes.js';
import type { Context } from '../context.js';
import { asTfkError, replyWithError } from '../errors.js';
import { findApp } from '../find.js';
import type { GitRequest } from '../services.js';
import { sendStream } from '../streams.js';

interface OfApp {
  Params: { app: string };
  Querystring: { service?: string };
  Body: Readable | undefined;
}
interface OfPush {
  Params: { secret: string };
}

/** What a token must be good for: a clone reads, a push writes. */
const SERVICES = { 'git-upload-pack': 'read', 'git-receive-pack': 'write' } as const;
const isService = (name: string): name is keyof typeof SERVICES => Object.hasOwn(SERVICES, name);

/** git's smart HTTP protocol at `/<app>.git`, and what the hook of a push asks of us meanwhile. */
export function gitRoutes(app: FastifyInstance, context: Context): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    protocolRoutes(scope, context);
    done();
  });
  hookRoutes(app, context);
}

function protocolRoutes(app: FastifyInstance, context: Context): void {
  app.setErrorHandler((error, request, reply) => replyInWords(error, request, reply, context));
  app.get<OfApp>('/:app.git/info/refs', { exposeHeadRoute: false }, (request, reply) => {
    const { service = '' } = request.query;
    if (!isService(service)) {
      throw new TfkError('forbidden', "This speaks git's smart HTTP protocol only.", {
        hint: 'Use git 1.6.6 or newer.',
      });
    }
    // Of a refusal here git shows the words, of a later one only the status.
    const { token } = requesterOf(request);
    if (token) assertScope(token.record.scope, SERVICES[service]);
    return answer(context, request, reply, { path: '/info/refs', query: `service=${service}` });
  });
  for (const [service, scope] of Object.entries(SERVICES)) {
    const options = { config: { scope }, bodyLimit: Number.MAX_SAFE_INTEGER };
    app.post<OfApp>(`/:app.git/${service}`, options, (request, reply) =>
      answer(context, request, reply, { path: `/${service}`, query: '' }),
    );
  }
}

async function answer(
  context: Context,
  request: FastifyRequest<OfApp>,
  reply: FastifyReply,
  asked: Pick<GitRequest, 'path' | 'query'>,
): Promise<void> {
  const app = findApp(context.services, request.params.app);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  // An upload that tfkd does not wait for; one that has arrived ends by itself.
  const cutOff = (): void => {
    if (!request.raw.readableEnded) request.raw.destroy();
  };
  context.closing.addEventListener('abort', cutOff, { signal: gone.signal });
  const { headers } = request;
  const { status, contentType, body } = await context.services.git.serve(
    { appId: app.id, actor: context.actor(request), gone: gone.signal },
    {
      ...asked,
      method: request.method === 'GET' ? 'GET' : 'POST',
      contentType: headers['content-type'] ?? null,
      contentEncoding: headers['content-encoding'] ?? null,
      protocol: singleLine(headers['git-protocol']),
      body: request.body ?? null,
    },
  );
  // A push that nobody watches any more still comes to an end of its own: the branch moves, or is refused.
  const untilEnd = asked.path === '/git-receive-pack';
  await sendStream(context, reply, () => body, { contentType, status, heartbeat: null, untilEnd });
}

const singleLine = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && /^[\w.:=-]{1,200}$/.test(header) ? header : null;

function hookRoutes(app: FastifyInstance, context: Context): void {
  const { services } = context;
  const known = async ({ params }: FastifyRequest<OfPush>): Promise<void> =>
    services.git.assertUnderWay(params.secret);
  app.post<OfPush & { Body: ClaimPush }>(
    '/tfk/git/pushes/:secret',
    { config: { secretUrl: true }, schema: { body: ClaimPush }, preValidation: known },
    ({ params, body }) => {
      services.git.claim(params.secret, { id: body.commit, message: body.message });
      return {};
    },
  );
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.put<OfPush & { Body: Readable | undefined }>(
      '/tfk/git/pushes/:secret/source',
      { config: { secretUrl: true }, bodyLimit: Number.MAX_SAFE_INTEGER, preValidation: known },
      async ({ params, body }, reply) => {
        if (!body) throw new TfkError('invalid_params', 'The upload is empty. Nothing was taken in.');
        const output = await services.git.deploy(params.secret, body, context.closing);
        await sendStream(context, reply, () => output, {
          contentType: 'text/plain; charset=utf-8',
          heartbeat: '\0',
        });
      },
    );
    done();
  });
}

/** git shows what is plain text, behind `remote: `. */
function replyInWords(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { logger }: Pick<Context, 'logger'>,
): void {
  const told = asTfkError(error);
  if (!told) {
    replyWithError(error, request, reply, logger);
    return;
  }
  if (told.id === 'unauthorized') void reply.header('www-authenticate', 'Basic realm="tfk"');
  const text = told.hint === undefined ? told.message : `${told.message}\n${told.hint}`;
  void reply.status(ERROR_STATUS[told.id]).type('text/plain; charset=utf-8').send(`${text}\n`);
}
