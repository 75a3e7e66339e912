import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Acting } from '../shared/acting.js';
import type { Clock } from '../shared/clock.js';
import { codeOf, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import type { ServerCertificate } from '../tls/authority.js';
import { admit } from './access/admission.js';
import { visibleTo } from './access/app-access.js';
import { withoutOthersNames } from './access/own-names.js';
import { HEROKUS_LIMIT, type HourlyLimit } from './access/rate-limit.js';
import { requesterOf } from './access/requester.js';
import { AttachPoints, attachUrl, rendezvousUrl } from './attach-points.js';
import { acceptJson, BODY_LIMIT } from './body.js';
import { guardAgainstBrowsers } from './browser-guard.js';
import { isOwnClient } from './client-words.js';
import type { Context } from './context.js';
import { explained } from './elsewhere.js';
import { replyWithError } from './errors.js';
import { tagAnswers } from './etag.js';
import { quote } from './find.js';
import { refuseUnknownFields } from './known-fields.js';
import { Logins } from './logins.js';
import { openApi } from './openapi.js';
import { sharePort } from './port/shared-port.js';
import { RouteTable } from './route-table.js';
import { registerRoutes } from './routes/index.js';
import type { Services } from './services.js';
import { answerUpgrades, endWith } from './upgrade.js';

export interface ServerOptions {
  /** True for the unix socket, whose file mode is the lock; false: every request needs a token and is guarded. */
  readonly trusted: boolean;
  /** How many requests a token may make in an hour; left out: Heroku's number. */
  readonly hourlyLimit?: HourlyLimit;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shared by all servers of a tfkd; left out: this one's own. */
  readonly logins?: Logins;
  /** Is told who acts in each request. */
  readonly acting: Acting;
  /** Host names besides localhost under which the TCP server answers. */
  readonly hosts?: readonly string[];
  /** Of the TCP server, which then speaks TLS too, and rendezvous over it. */
  readonly certificate?: () => Promise<ServerCertificate>;
}

export interface Server {
  readonly app: FastifyInstance;
  readonly routes: RouteTable;
}

/** Bytes of request headers: Heroku's CLI sends all request ids that it has seen. */
const HEADER_BYTES = 64 * 1024;
/** Of a whole request; an upload of the greatest source over a slow line takes a while. */
const REQUEST_TIMEOUT_MS = 30 * 60_000;

/** The API without a listener: main listens with it, tests inject into it. `app.close()` ends all streams first. */
export function buildServer(services: Services, options: ServerOptions): Server {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    http: { maxHeaderSize: HEADER_BYTES },
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: newId,
    requestIdHeader: false,
    // The longest is the URL of a log drain.
    routerOptions: { maxParamLength: 2_000 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket),
    frameworkErrors: (error, request, reply) => replyWithError(error, request, reply, options.logger),
  });
  const closing = new AbortController();
  const attachPoints = new AttachPoints(options.clock);
  const { logins = new Logins(options.clock) } = options;
  const routes = new RouteTable();
  const guard = guardOf(options);

  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  routes.watch(app);
  greet(app);
  const { hourlyLimit = HEROKUS_LIMIT } = options;
  admit(app, services, { ...options, hourlyLimit, guard });
  app.addHook('onRequest', async (request) => assertVersion(request));
  acceptJson(app);
  refuseUnknownFields(app);
  tagAnswers(app);
  app.setErrorHandler((error, request, reply) =>
    replyWithError(withoutOthersNames(services, request, error), request, reply, options.logger),
  );
  answerUnknown(app, routes);
  const context = contextOf(services, options, {
    attachPoints,
    closing: closing.signal,
    logins,
  });
  app.addHook('preHandler', (request, _reply, done) =>
    request.requester ? options.acting.as(request.requester.user.email, done) : done(),
  );
  registerRoutes(app, context);
  app.get('/openapi.json', () => openApi(routes.list(), services.tfk.info().version));
  answerUpgrades(app.server, { attachPoints, logger: options.logger, guard, closing: closing.signal });
  const { clock, logger, certificate } = options;
  if (certificate && !options.trusted)
    sharePort(app.server, { certificate, attachPoints, clock, logger, closing: closing.signal });
  app.addHook('preClose', (done) => {
    closing.abort();
    attachPoints.close();
    logins.close();
    done();
  });
  return { app, routes };
}

function contextOf(
  services: Services,
  { trusted, clock, logger, certificate }: ServerOptions,
  own: Pick<Context, 'attachPoints' | 'closing' | 'logins'>,
): Context {
  return {
    services,
    clock,
    logger,
    ...own,
    attachUrl: (request, attachable) =>
      trusted || !certificate || isOwnClient(request.headers)
        ? attachUrl(own.attachPoints, attachable)
        : rendezvousUrl(own.attachPoints, attachable, hostOf(request)),
    baseUrl: (request) => (trusted ? '' : `${request.protocol}://${hostOf(request)}`),
    actor: (request) => requesterOf(request).user.email,
    visible: (request) => visibleTo(services, requesterOf(request)),
  };
}

const hostOf = (request: FastifyRequest): string => request.headers.host ?? request.hostname;

function guardOf({ trusted, hosts = [] }: ServerOptions): (request: IncomingMessage) => void {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return trusted ? () => undefined : (request) => guardAgainstBrowsers(request, allowed);
}

/** Headers that every reply has. */
function greet(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'request-id': request.id,
      'ratelimit-remaining': HEROKUS_LIMIT,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });
}

/** `version=3`, or a variant such as `3.sdk`: variants only add fields, which are here anyway. */
function assertVersion(request: FastifyRequest): void {
  const accepted = /application\/vnd\.heroku\+json[^,]*;\s*version=([^;,\s]*)/.exec(
    request.headers.accept ?? '',
  );
  if (!accepted || /^3(\..*)?$/.test(accepted[1] ?? '')) return;
  throw new TfkError(
    'bad_request',
    `This API is version 3; the request accepts version ${quote(accepted[1] ?? '')}.`,
    {
      hint: 'Send: Accept: application/vnd.heroku+json; version=3',
    },
  );
}

function answerUnknown(app: FastifyInstance, routes: RouteTable): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const elsewhere = explained(request.method, path);
    if (elsewhere) throw elsewhere;
    const methods = routes.methodsOf(path);
    if (methods.length === 0) throw notFound('endpoint', `There is no ${request.method} ${quote(path)}.`);
    void reply.header('allow', methods.join(', '));
    if (request.method === 'OPTIONS') return reply.send({});
    throw new TfkError(
      'method_not_allowed',
      `${quote(path)} takes ${methods.join(', ')}, not ${request.method}.`,
    );
  });
}

/** What Node's parser refused: there is no request to answer, only a connection. */
function refuseUnreadable(error: Error, socket: Socket): void {
  if (codeOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const tooLarge = codeOf(error) === 'HPE_HEADER_OVERFLOW';
  const message = tooLarge ? 'The headers of the request are too large.' : 'The request is not valid HTTP.';
  endWith(socket, tooLarge ? 431 : 400, JSON.stringify({ id: 'bad_request', message }));
}
