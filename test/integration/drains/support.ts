import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';

/** The messages of octet-counted frames; what is cut off at the end is left out. @throws for anything else */
export function messagesOf(body: Buffer): string[] {
  const messages: string[] = [];
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(32, at);
    const digits = body.toString('latin1', at, space < 0 ? body.length : space);
    if (!/^[1-9]\d{0,6}$/.test(digits)) throw new Error(`no frame at ${at}: ${JSON.stringify(digits)}`);
    const end = space + 1 + Number(digits);
    if (space < 0 || end > body.length) return messages;
    messages.push(body.toString('utf8', space + 1, end));
    at = end;
  }
  return messages;
}

/** The texts of messages, without what stands before them. */
export const textsOf = (messages: readonly string[]): string[] =>
  messages.map((message) => /^<\d+>1 \S+ \S+ \S+ \S+ (?:- )+(.*)\n$/s.exec(message)?.[1] ?? message);

/** A server on loopback that can be closed with all its connections, and opened again on its port. */
class Receiver {
  protected readonly sockets = new Set<Socket>();
  port = 0;

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  get connections(): number {
    return this.sockets.size;
  }
}

/** A syslog server; each connection's bytes are kept apart. */
export class SyslogReceiver extends Receiver {
  private readonly chunks: Buffer[][] = [];
  /** Set to stop reading, as a receiver that hangs does. */
  paused = false;

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    super(tls ? createTls(tls) : createTcp());
    const accept = (socket: Socket): void => {
      const chunks: Buffer[] = [];
      this.chunks.push(chunks);
      socket.on('error', () => undefined);
      if (this.paused) return;
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    };
    this.accepting(tls ? 'secureConnection' : 'connection', accept);
  }

  get streams(): Buffer[] {
    return this.chunks.map((chunks) => Buffer.concat(chunks));
  }

  /** Of all connections, in their order. */
  get messages(): string[] {
    return this.streams.flatMap((stream) => messagesOf(stream));
  }

  get texts(): string[] {
    return textsOf(this.messages);
  }

  private accepting(event: string, accept: (socket: Socket) => void): void {
    (this as unknown as { server: Server }).server.on(event, accept);
  }
}

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Answer = (request: ReceivedRequest, response: Parameters<RequestListener>[1]) => void;

/** A log receiver over HTTP or HTTPS, whose answers the test decides. */
export class HttpReceiver extends Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly answered: { readonly request: ReceivedRequest; readonly status: number }[] = [];
  answer: Answer;

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const received = { method, url, headers, body: Buffer.concat(chunks) };
        this.requests.push(received);
        this.answer(received, response);
      });
      request.on('error', () => undefined);
    };
    super(tls ? createHttps(tls, listener) : createHttp(listener));
    this.answer = (request, response) => this.status(200, request, response);
  }

  status(status: number, request: ReceivedRequest, response: Parameters<RequestListener>[1]): void {
    this.answered.push({ request, status });
    response.writeHead(status).end();
  }

  /** What it has said yes to. */
  get taken(): string[] {
    return this.answered
      .filter(({ status }) => status < 300)
      .flatMap(({ request }) => textsOf(messagesOf(request.body)));
  }
}

/** A CA and a certificate for 127.0.0.1 and localhost that it has signed. */
export function madeCertificate(folder: string): { ca: string; key: string; cert: string } {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  writeFileSync(join(folder, 'ext.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = ['-x509', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA', '-days', '2'];
  openssl('req', ...key, ...ca);
  openssl('req', ...key, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=receiver');
  const signing = [
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'ext.cnf',
  ];
  openssl('x509', '-req', '-in', 'request.pem', ...signing, '-out', 'cert.pem');
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { ca: read('ca.pem'), key: read('key.pem'), cert: read('cert.pem') };
}
