import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { encodeServerFrame, FrameReader, type ClientFrame, type ServerFrame } from '../../../api/attach.js';

export interface Seen {
  /** `GET /apps/x` */
  readonly request: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
}

type Handler = (seen: Seen, reply: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;
type AttachHandler = (connection: AttachedClient) => void;

/** A tfkd that answers what a test scripts, on a real unix socket in a home of its own. */
export class FakeTfkd {
  readonly home = mkdtempSync(join(tmpdir(), 'tfk-home-'));
  readonly seen: Seen[] = [];
  readonly #handlers = new Map<string, Handler>();
  #attach: AttachHandler = (connection) => connection.socket.destroy();
  readonly #attached = new Set<Duplex>();
  #server: Server = this.#create();

  async start(): Promise<this> {
    await new Promise<void>((ready) => this.#server.listen(join(this.home, 'tfkd.sock'), ready));
    return this;
  }

  /** Scripts one request, `GET /apps/x`; a fixed answer or a function of what was sent. */
  on(request: string, answer: Answer | Handler): this {
    this.#handlers.set(request, typeof answer === 'function' ? answer : () => answer);
    return this;
  }

  onAttach(handler: AttachHandler): this {
    this.#attach = handler;
    return this;
  }

  /** The JSON body of the newest such request. */
  sent(request: string): unknown {
    const body = this.seen.findLast((seen) => seen.request === request)?.body.toString('utf8');
    return body === undefined || body === '' ? undefined : JSON.parse(body);
  }

  requests(): string[] {
    return this.seen.map(({ request }) => request);
  }

  /** Cuts every connection and listens no more, as a killed tfkd. */
  async die(): Promise<void> {
    this.#server.closeAllConnections();
    for (const socket of this.#attached) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
    this.#server = this.#create();
  }

  async stop(): Promise<void> {
    await this.die();
    rmSync(this.home, { recursive: true, force: true });
  }

  #create(): Server {
    const server = createServer((request, reply) => void this.#answer(request, reply));
    server.on('upgrade', (_request, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tfk-attach\r\n\r\n');
      this.#attached.add(socket);
      this.#attach(new AttachedClient(socket));
    });
    return server;
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const name = `${request.method ?? ''} ${request.url ?? ''}`;
    const seen = { request: name, headers: request.headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const handler = this.#handlers.get(name) ?? this.#handlers.get(name.replace(/\?.*/, ''));
    const answer = handler ? await handler(seen, reply) : unscripted(name);
    if (answer === undefined) return;
    reply.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    reply.end(JSON.stringify(answer.json ?? {}));
  }
}

/** The dyno's side of `run`. */
class AttachedClient {
  readonly frames: ClientFrame[] = [];
  readonly #reader = FrameReader.ofClient();
  #heard: (frame: ClientFrame) => void = () => undefined;

  constructor(readonly socket: Duplex) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) {
        this.frames.push(frame);
        this.#heard(frame);
      }
    });
  }

  onFrame(heard: (frame: ClientFrame) => void): void {
    this.#heard = heard;
  }

  send(frame: ServerFrame): void {
    this.socket.write(encodeServerFrame(frame));
  }

  exit(code: number): void {
    this.send({ kind: 'exit', code, outOfMemory: false });
    this.socket.end();
  }
}

function unscripted(name: string): Answer {
  return { status: 404, json: { id: 'not_found', message: `No script for ${name}.` } };
}
