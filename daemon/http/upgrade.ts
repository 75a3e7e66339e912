import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ATTACH_PROTOCOL } from '../../api/index.js';
import { ERROR_STATUS, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import { ATTACH_PATH, type AttachPoints } from './attach-points.js';
import { bridge } from './attach.js';
import { isOwnClient } from './client-words.js';
import { asTfkError, errorBody, unforeseen } from './errors.js';

export interface UpgradeOptions {
  readonly attachPoints: AttachPoints;
  readonly logger: Logger;
  /** Throws where the request must not be answered: host, origin. The secret in the path stands for the token. */
  readonly guard: (request: IncomingMessage) => void;
  readonly closing: AbortSignal;
}

/** `GET /tfk/attach/<secret>` with `Upgrade: tfk-attach`: the only protocol besides HTTP. */
export function answerUpgrades(server: Server, options: UpgradeOptions): void {
  server.on('upgrade', (request, socket, head) => {
    const destroy = (): void => void socket.destroy();
    socket.on('error', destroy);
    options.closing.addEventListener('abort', destroy);
    socket.once('close', () => options.closing.removeEventListener('abort', destroy));
    attach(request, socket, head, options).catch((error: unknown) =>
      refuse(request, socket, error, options.logger),
    );
  });
}

async function attach(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { attachPoints, guard }: UpgradeOptions,
): Promise<void> {
  guard(request);
  const { url = '', method } = request;
  if (request.headers.upgrade?.toLowerCase() !== ATTACH_PROTOCOL || method !== 'GET') {
    throw new TfkError('bad_request', `This server upgrades to nothing but ${ATTACH_PROTOCOL}.`);
  }
  const attachable = url.startsWith(ATTACH_PATH)
    ? attachPoints.claim(url.slice(ATTACH_PATH.length))
    : undefined;
  if (!attachable) {
    throw notFound('attach', 'Nothing waits here: an address to attach to works once, for 30 seconds.');
  }
  const attachment = await attachable.open();
  if (socket.destroyed) {
    attachment.close();
    return;
  }
  socket.write(
    `HTTP/1.1 101 ${STATUS_CODES[101] ?? ''}\r\nConnection: Upgrade\r\nUpgrade: ${ATTACH_PROTOCOL}\r\n\r\n`,
  );
  await bridge(socket, head, attachment);
}

function refuse(request: IncomingMessage, socket: Duplex, error: unknown, logger: Logger): void {
  const known = asTfkError(error);
  const requestId = newId();
  if (!known) logger.error({ err: error, request: requestId, route: ATTACH_PATH }, 'a request failed');
  const told = known ?? unforeseen(requestId);
  endWith(socket, ERROR_STATUS[told.id], JSON.stringify(errorBody(told, isOwnClient(request.headers))));
}

/** A whole reply, written by hand where no response object exists; then the connection ends. */
export function endWith(socket: Duplex, status: number, body: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
