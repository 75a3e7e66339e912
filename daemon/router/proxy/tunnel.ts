import type { Duplex } from 'node:stream';
import type { Cuttable, LiveBackend } from './backend.js';
import type { ProxyContext, Watched } from './context.js';
import { FAILURES, type Failure } from './failures.js';

export interface TunnelEnds {
  readonly client: Duplex;
  readonly backend: Duplex;
  /** What the client sent behind its request, before it was let through. */
  readonly held: Buffer;
}

/** An upgraded connection: bytes both ways until one side ends, is silent for too long, or is cut. */
export class Tunnel implements Watched, Cuttable {
  private activeAt: number;
  private bytes = 0;
  private failure: Failure | undefined;
  private over = false;

  constructor(
    private readonly context: ProxyContext,
    private readonly owner: LiveBackend,
    private readonly ends: TunnelEnds,
    private readonly onEnd: (bytes: number, failure: Failure | undefined) => void,
  ) {
    this.activeAt = context.now();
  }

  open(): void {
    const { client, backend, held } = this.ends;
    this.context.watched.add(this);
    this.owner.upgraded.add(this);
    for (const end of [client, backend]) end.on('error', this.close).on('close', this.close);
    if (held.length > 0) backend.write(held);
    client.on('data', () => (this.activeAt = this.context.now()));
    backend.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.activeAt = this.context.now();
    });
    client.pipe(backend);
    backend.pipe(client);
  }

  check(now: number): void {
    if (now - this.activeAt > this.context.limits.idleMs) this.cut(FAILURES.H15);
  }

  cut(failure: Failure): void {
    this.failure ??= failure;
    this.close();
  }

  private readonly close = (): void => {
    if (this.over) return;
    this.over = true;
    this.context.watched.delete(this);
    this.owner.upgraded.delete(this);
    this.finish(this.ends.client);
    this.finish(this.ends.backend);
    this.onEnd(this.bytes, this.failure);
  };

  /** Lets what was written go out, then closes. */
  private finish(end: Duplex): void {
    if (end.destroyed) return;
    end.end();
    setTimeout(() => end.destroy(), 1_000).unref();
  }
}

/** Writes the 101 by hand: the server has let go of the connection. The values come from the parser, free of line ends. */
export function writeSwitch(client: Duplex, headers: readonly string[]): void {
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  client.write(`${head}\r\n`, 'latin1');
}
