import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions, TLSSocket } from 'node:tls';
import type { RouterLimits } from '../limits.js';
import { TLS_VERSIONS, type LiveCertificates } from './live-certificates.js';

/** TLS 1.2 and 1.3, HTTP/1.1 in it, and the certificate of the name that the client says it wants. */
export function tlsOptions(certificates: LiveCertificates, limits: RouterLimits): TlsOptions {
  return {
    ...TLS_VERSIONS,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.handshakeMs,
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
  };
}

/**
 * A handshake costs memory and a signature, and whoever never ends one holds both: above `most` of one server the oldest are
 * cut. Those of sound clients are over in a blink, so it meets the others.
 */
export function cutOldHandshakes(server: Server, most: number): void {
  const pending = new Map<string, Socket>();
  server.prependListener('connection', (raw: Socket) => {
    const [oldest] = pending;
    if (oldest && pending.size >= most) {
      pending.delete(oldest[0]);
      oldest[1].destroy();
    }
    const client = clientOf(raw);
    pending.set(client, raw);
    raw.once('close', () => pending.get(client) === raw && pending.delete(client));
  });
  server.on('secureConnection', (socket: TLSSocket) => pending.delete(clientOf(socket)));
}

/** Of two connections to one listening socket, open at once, no two have the same. */
const clientOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${remotePort ?? ''}`;
