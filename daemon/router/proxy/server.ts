import { createServer, type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as HttpsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { codeOf } from '../../shared/errors.js';
import type { RouterLimits } from '../limits.js';
import type { Entrance } from './context.js';
import type { Exchange } from './exchange.js';
import { requestError } from './failures.js';
import type { LiveCertificates } from './live-certificates.js';
import { reasonOf } from './pages.js';
import type { Proxy } from './proxy.js';
import { checkRequest, isRefusal } from './request-checks.js';
import { cutOldHandshakes, tlsOptions } from './tls.js';

/** More than the checks allow, so that the checks see what is too much: Node drops further headers without a word. */
const PARSED_HEADERS = 1_100;
const MAX_HEAD_BYTES = 64 * 1024;

/** A request with its response, and its exchange when an app answers it. */
interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: Exchange | undefined;
}

/** A client's connection, with the request that came last on it. */
interface ClientSocket extends Socket {
  latestTurn?: Turn;
}

/** What a worker accepts on. */
export type Server = HttpServer | HttpsServer;

export interface ServerParts {
  readonly proxy: Proxy;
  readonly limits: RouterLimits;
  readonly maxConnections: number;
  readonly entrance: Entrance;
  readonly certificates: LiveCertificates;
}

/** The HTTP server of a worker, with TLS before it where its entrance has that; it listens on nothing yet. */
export function createProxyServer(parts: ServerParts): Server {
  const { proxy, maxConnections, entrance } = parts;
  const server = createFor(parts);
  server.maxHeadersCount = PARSED_HEADERS;
  server.maxConnections = maxConnections;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const exchange = proxy.handle({ request, response, entrance });
    (request.socket as ClientSocket).latestTurn = { request, response, exchange };
  };
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('upgrade', (request: IncomingMessage, _stream: Duplex, head: Buffer) =>
    onUpgrade({ server, proxy, entrance }, { request, socket: request.socket, head }),
  );
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuse(socket, 405));
  server.on('clientError', onClientError);
  return server;
}

function createFor({ limits, entrance, certificates }: ServerParts): Server {
  const options = {
    headersTimeout: limits.headersMs,
    // Uploads may take as long as they flow: their silence is watched by the exchange.
    requestTimeout: 0,
    keepAliveTimeout: limits.clientIdleMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: MAX_HEAD_BYTES,
    insecureHTTPParser: false,
    noDelay: true,
  };
  if (entrance.protocol === 'http') return createServer(options);
  const server = createTlsServer({ ...options, ...tlsOptions(certificates, limits) });
  cutOldHandshakes(server, limits.maxHandshakes);
  return server;
}

/** After each swap of certificates: connections that are open keep theirs. */
export function renewFallback(server: Server, certificates: LiveCertificates): void {
  if (server instanceof HttpsServer) server.setSecureContext(certificates.forNobody);
}

/**
 * Stops accepting in this process; connections stay as they are. `http.Server.close` would also close idle kept-alive
 * connections, and with them requests that are on the wire just then.
 */
export function stopAccepting(server: Server, onClosed: () => void): void {
  NetServer.prototype.close.call(server, onClosed);
}

interface Serving {
  readonly server: Server;
  readonly proxy: Proxy;
  readonly entrance: Entrance;
}

interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

function onUpgrade({ server, proxy, entrance }: Serving, { request, socket, head }: UpgradeRequest): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  const checked = checkRequest({ method, url, httpVersion, rawHeaders }, entrance.protocol);
  if (!isRefusal(checked) && checked.upgrade === undefined) {
    serveWithoutUpgrade(server, entrance, { request, socket, head });
    return;
  }
  socket.on('error', () => undefined);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => closeGently(socket));
  proxy.handle({ request, response, entrance, upgrade: { socket, head } });
}

/**
 * The client offers a protocol the router does not pass on (h2c, or an upgrade with a body): it is served as plain HTTP/1.1.
 * Node has already let go of the connection, so it is handed back with the head as if nothing had been offered.
 */
function serveWithoutUpgrade(
  server: Server,
  { protocol }: Entrance,
  { request, socket, head }: UpgradeRequest,
): void {
  socket.unshift(Buffer.concat([Buffer.from(headWithoutUpgrade(request), 'latin1'), head]));
  server.emit(protocol === 'http' ? 'connection' : 'secureConnection', socket);
}

function headWithoutUpgrade({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): string {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'upgrade' || lower === 'http2-settings') continue;
    text += `${name}: ${lower === 'connection' ? withoutUpgradeOptions(value) : value}\r\n`;
  }
  return `${text}\r\n`;
}

function withoutUpgradeOptions(value: string): string {
  const kept = value.split(',').map((option) => option.trim());
  return kept.filter((option) => !['upgrade', 'http2-settings'].includes(option.toLowerCase())).join(', ');
}

const STATUS_OF_PARSE_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

interface ParseError extends Error {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

function onClientError(error: ParseError, socket: Duplex): void {
  const code = codeOf(error) ?? '';
  if (!code.startsWith('HPE_') && code !== 'ERR_HTTP_REQUEST_TIMEOUT') {
    socket.destroy();
    return;
  }
  const unknownMethod = code === 'HPE_INVALID_METHOD' && isRequestLine(error);
  const status = unknownMethod ? 501 : (STATUS_OF_PARSE_ERROR[code] ?? 400);
  const { latestTurn } = socket as Partial<ClientSocket>;
  if (latestTurn) refuseAfter(latestTurn, socket, status);
  else refuse(socket, status);
}

/** The garbage is in the latest request's body, or where the next request should begin: then that one's answer goes first. */
function refuseAfter({ request, response, exchange }: Turn, socket: Duplex, status: number): void {
  const next = (): void => {
    if (request.complete && response.shouldKeepAlive) refuse(socket, status);
    else closeGently(socket);
  };
  if (response.writableFinished) next();
  else if (request.complete || !exchange) response.once('close', next);
  else exchange.fail(requestError(status, 'bad chunk'));
}

/** Whether the line the parser stopped in is well formed but for its method. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParseError): boolean {
  const text = rawPacket?.toString('latin1') ?? '';
  const begin = text.lastIndexOf('\n', bytesParsed - 1) + 1;
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127} [^ \t\r\n]+ HTTP\/1\.[01]\r?\n/.test(text.slice(begin));
}

/** Answers on a connection that has no response object, and closes it. */
function refuse(socket: Duplex, status: number): void {
  if (socket.destroyed || !socket.writable) return;
  const text = `${status} ${reasonOf(status)}\n`;
  const head = `HTTP/1.1 ${status} ${reasonOf(status)}\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  socket.on('error', () => undefined);
  socket.write(`${head}Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
  closeGently(socket);
}

/** Reads and drops what still comes for a moment: a close over unread bytes would take the answer back from the client. */
function closeGently(socket: Duplex): void {
  socket.end();
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}
