import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';

/**
 * What becomes of a request: `refused` is answered with 500, `lost` never reaches dockerd, `unanswered` does, and only its answer
 * is lost.
 */
type Fate = 'refused' | 'lost' | 'unanswered';

const REFUSAL = JSON.stringify({ message: 'device or resource busy' });

/** Docker's socket at another path, whose end, return and hanging a test decides: dockerd itself is everybody's. */
export class ForwardedDocker {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  private readonly fates = new Map<RegExp, Fate>();
  private hanging = false;

  private constructor(private readonly folder: string) {}

  static async create(): Promise<ForwardedDocker> {
    const forwarded = new ForwardedDocker(await mkdtemp(join(tmpdir(), 'tfk-forward-')));
    onTestFinished(() => forwarded.dispose());
    return forwarded;
  }

  get path(): string {
    return join(this.folder, 'docker.sock');
  }

  /** Requests that are under way. */
  get connections(): number {
    return this.sockets.size;
  }

  /** As when dockerd starts. */
  async open(): Promise<void> {
    this.server = createServer((client) => this.forward(client)).listen(this.path);
    await once(this.server, 'listening');
  }

  /** As when dockerd is killed. */
  async close(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** As when dockerd is stopped: it takes connections, and answers nobody. */
  hang(): void {
    this.hanging = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** From now on for all requests like `DELETE /v1.41/containers/…`; answers what ends it. */
  doom(requests: RegExp, fate: Fate): () => void {
    this.fates.set(requests, fate);
    return () => this.fates.delete(requests);
  }

  private forward(client: Socket): void {
    this.watch(client);
    if (this.hanging) return;
    const docker = createConnection('/var/run/docker.sock');
    this.watch(docker);
    const asked = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        done(null, this.passes(chunk, client, docker) ? chunk : null);
      },
    });
    client.pipe(asked).pipe(docker).pipe(client);
    client.on('close', () => docker.destroy());
    docker.on('close', () => client.destroy());
  }

  /** A request begins with a chunk of its own: the next one is sent only after the answer. */
  private passes(chunk: Buffer, client: Socket, docker: Socket): boolean {
    const [line = ''] = chunk.toString('latin1', 0, 4_096).split('\r\n', 1);
    const fate = [...this.fates].find(([requests]) => / HTTP\/1\.1$/.test(line) && requests.test(line))?.[1];
    if (fate === 'unanswered') docker.unpipe(client).resume();
    if (fate !== 'refused') return fate !== 'lost';
    const head = `HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json`;
    client.write(`${head}\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`);
    return false;
  }

  private watch(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }

  private async dispose(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true });
  }
}
