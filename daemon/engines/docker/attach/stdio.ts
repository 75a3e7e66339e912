import { Readable, Writable, type Duplex } from 'node:stream';
import { Demux, type Frame } from './demux.js';

/** How a connection to a process's stdio came to its end: with an error, it was lost. */
export type ConnectionEnd = { readonly error: Error | null };

/**
 * The stdio of one process over one connection to Docker. It reads no faster than its readers do, so that a process whose
 * output nobody takes is held up, and tfkd's memory is not filled. As there is one connection for both, a reader has to take
 * (or destroy) stdout and stderr alike.
 */
export class Stdio {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable | null;
  /** Never rejects. Resolves also when `destroy` was called. */
  readonly ended: Promise<ConnectionEnd>;
  private readonly demux: Demux | null;
  private readonly full = new Set<Frame['stream']>();
  /** Bytes that are taken though their reader is full. */
  private ahead = 0;

  constructor(
    private readonly connection: Duplex,
    terminal: boolean,
  ) {
    this.demux = terminal ? null : new Demux();
    this.stdin = inputOf(connection);
    this.stdout = this.readable('stdout');
    this.stderr = terminal ? null : this.readable('stderr');
    this.ended = this.untilEnded();
    // Nothing flows before the first read: 'data' alone would start it.
    connection.pause();
    connection.on('data', (chunk: Buffer) => this.deliver(chunk));
  }

  /** Does output wait for a reader? */
  get stalled(): boolean {
    return this.connection.isPaused();
  }

  /** Takes that many bytes more without waiting for readers. */
  takeAhead(bytes: number): void {
    this.ahead = bytes;
    this.connection.resume();
  }

  /** Cuts the connection: a process that waits for its output to be taken goes on. */
  destroy(): void {
    this.connection.destroy();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  private readable(name: Frame['stream']): Readable {
    return new Readable({
      read: () => this.wanted(name),
      destroy: (error, done) => {
        this.wanted(name);
        done(error);
      },
    });
  }

  private wanted(name: Frame['stream']): void {
    this.full.delete(name);
    if (this.full.size === 0) this.connection.resume();
  }

  private deliver(chunk: Buffer): void {
    const frames = this.demux?.take(chunk) ?? [{ stream: 'stdout' as const, data: chunk }];
    for (const { stream, data } of frames) {
      const reader = stream === 'stdout' ? this.stdout : this.stderr;
      if (reader === null || reader.destroyed) continue;
      if (!reader.push(data)) this.full.add(stream);
    }
    this.ahead = Math.max(0, this.ahead - chunk.length);
    if (this.full.size > 0 && this.ahead === 0) this.connection.pause();
  }

  private untilEnded(): Promise<ConnectionEnd> {
    return new Promise((resolve) => {
      let error: Error | null = null;
      this.connection.on('error', (lost) => (error = lost));
      this.connection.once('end', () => this.finishReaders());
      this.connection.once('close', () => {
        this.finishReaders();
        resolve({ error });
      });
    });
  }

  private finishReaders(): void {
    for (const reader of [this.stdout, this.stderr]) {
      if (reader === null || reader.destroyed || reader.readableEnded) continue;
      reader.push(null);
      // A reader that nobody reads has still ended when nothing is left in it.
      reader.read(0);
    }
  }
}

/** Takes all that is written, at the pace of the process; what the process does not take any more goes nowhere. */
function inputOf(connection: Duplex): Writable {
  const input = new Writable({
    highWaterMark: connection.writableHighWaterMark,
    write: (chunk: Buffer, _encoding, done) => {
      if (connection.writable) connection.write(chunk, () => done());
      else done();
    },
    final: (done) => {
      if (connection.writable) connection.end(() => done());
      else done();
    },
  });
  // Who writes is told of no end: a process may end before it has read all.
  input.on('error', () => undefined);
  return input;
}
