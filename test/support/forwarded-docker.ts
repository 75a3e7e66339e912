import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Docker's socket at another path, whose end, return and hanging a test decides: dockerd itself is everybody's. */
export class ForwardedDocker {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
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

  private forward(client: Socket): void {
    this.watch(client);
    if (this.hanging) return;
    const docker = createConnection('/var/run/docker.sock');
    this.watch(docker);
    client.pipe(docker).pipe(client);
    client.on('close', () => docker.destroy());
    docker.on('close', () => client.destroy());
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
