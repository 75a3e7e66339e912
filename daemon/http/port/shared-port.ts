import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.js';
import type { Logger } from '../../shared/logger.js';
import type { ServerCertificate } from '../../tls/authority.js';
import type { AttachPoints } from '../attach-points.js';
import { decideByFirstBytes } from './first-bytes.js';
import { meet } from './rendezvous.js';

export interface SharedPortOptions {
  readonly attachPoints: AttachPoints;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A certificate for the names under which clients call. Asked for when the first speaks TLS, and again when it gets old. */
  readonly certificate: () => Promise<ServerCertificate>;
  readonly closing: AbortSignal;
}

/** First byte of a TLS handshake (RFC 8446, 5.1): no HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;
/** How long a connection may take to show what it is. */
const PATIENCE_MS = 20_000;
/** Connections of which nobody knows yet what they are; the oldest makes way. */
const UNDECIDED = 512;
/** Of `newSecret`, alone on a line. */
const SECRET_LINE = /^[\w-]{43}\r?\n/;
const SECRET_BEGUN = /^[\w-]{0,43}\r?$/;

/** Lets one port speak HTTP, HTTPS (and so git over HTTPS) and Heroku's rendezvous: the first bytes of a connection tell. */
export function sharePort(server: Server, options: SharedPortOptions): void {
  new SharedPort(server, options).open();
}

class SharedPort {
  private readonly tls: TlsServer;
  /** What the server itself does with a connection. */
  private readonly serve: readonly ((connection: Duplex) => void)[];
  /** Connections that have not shown who they are over TLS, by the client's address and port. */
  private readonly handshaking = new Map<string, Socket>();
  private readonly undecided = new Set<AbortController>();
  private renewAt = Number.NEGATIVE_INFINITY;
  private renewal: Promise<void> | null = null;

  constructor(
    private readonly server: Server,
    private readonly options: SharedPortOptions,
  ) {
    this.serve = server.listeners('connection') as ((connection: Duplex) => void)[];
    this.tls = createServer({
      minVersion: 'TLSv1.2',
      handshakeTimeout: PATIENCE_MS,
      ALPNProtocols: ['http/1.1'],
    });
    this.tls.on('secureConnection', (socket) => void this.takeDecrypted(socket));
    this.tls.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** The server goes on to listen, to count and to close connections; it only serves those which are HTTP. */
  open(): void {
    this.server.removeAllListeners('connection');
    this.server.on('connection', (connection: Socket) => void this.take(connection));
    this.options.closing.addEventListener('abort', () => {
      for (const connection of this.handshaking.values()) connection.destroy();
    });
  }

  private http(connection: Duplex): void {
    for (const serve of this.serve) serve.call(this.server, connection);
    connection.resume();
  }

  private async take(connection: Socket): Promise<void> {
    const kind = await this.decide(connection, (bytes) => (bytes[0] === TLS_HANDSHAKE ? 'tls' : 'http'));
    if (kind === 'http') this.http(connection);
    if (kind !== 'tls') return;
    try {
      await this.renewCertificate();
    } catch (error) {
      this.options.logger.error({ err: error }, 'no certificate could be made for the API');
      connection.destroy();
      return;
    }
    if (connection.destroyed) return;
    const peer = peerOf(connection);
    this.handshaking.set(peer, connection);
    connection.on('error', () => undefined).once('close', () => this.handshaking.delete(peer));
    // As Node's own HTTPS server has it: who closes in the midst of a handshake is not waited for.
    connection.allowHalfOpen = false;
    this.tls.emit('connection', connection);
  }

  private async takeDecrypted(socket: TLSSocket): Promise<void> {
    const { attachPoints, clock, closing } = this.options;
    this.handshaking.delete(peerOf(socket));
    const kind = await this.decide(socket, kindOfDecrypted);
    if (kind === undefined) return;
    if (kind.secretLine === null) {
      this.http(socket);
      return;
    }
    const end = (): void => void socket.destroy();
    socket.on('error', end);
    const attachable = attachPoints.claim(kind.secretLine.trimEnd());
    socket.read(kind.secretLine.length);
    if (!attachable) {
      end();
      return;
    }
    closing.addEventListener('abort', end);
    await meet(socket, Buffer.alloc(0), attachable, clock);
    closing.removeEventListener('abort', end);
  }

  private async decide<Kind>(
    connection: Duplex,
    kindOf: (bytes: Buffer) => Kind | undefined,
  ): Promise<Kind | undefined> {
    const { clock, closing } = this.options;
    const decided = new AbortController();
    const tooLate = new AbortController();
    if (this.undecided.size >= UNDECIDED) this.undecided.values().next().value?.abort();
    this.undecided.add(tooLate);
    void clock.sleep(PATIENCE_MS, decided.signal).then(() => tooLate.abort());
    try {
      return await decideByFirstBytes(connection, AbortSignal.any([tooLate.signal, closing]), kindOf);
    } finally {
      decided.abort();
      this.undecided.delete(tooLate);
    }
  }

  /** Connections that are open keep theirs. */
  private async renewCertificate(): Promise<void> {
    const { clock, certificate } = this.options;
    if (clock.now() < this.renewAt) return;
    this.renewal ??= certificate()
      .then(({ cert, key, renewAt }) => {
        this.tls.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
        this.renewAt = renewAt;
      })
      .finally(() => (this.renewal = null));
    await this.renewal;
  }
}

/** The line of a rendezvous client with its secret, or null for HTTP, which refuses all else itself. */
function kindOfDecrypted(bytes: Buffer): { readonly secretLine: string | null } | undefined {
  const begin = bytes.subarray(0, 64).toString('latin1');
  if (SECRET_BEGUN.test(begin)) return undefined;
  return { secretLine: SECRET_LINE.exec(begin)?.[0] ?? null };
}

const peerOf = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;
