import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The client's body as a stream of its own: the HTTP client destroys the stream it was given when a dyno answers early,
 * and that must not cut the client's connection.
 */
export class RequestBody extends Readable {
  /** Monotonic time of the last byte, or of the moment at which the backend took bytes again. */
  progressAt: number;
  private started = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly now: () => number,
    /** Called once, when the first byte is wanted. */
    private readonly onStart: () => void,
  ) {
    super({ highWaterMark: 64 * 1024 });
    this.progressAt = now();
  }

  /** The backend is not at fault for the silence: it has taken all there was. */
  get waitsForClient(): boolean {
    return this.readableLength === 0 && !this.request.isPaused();
  }

  override _read(): void {
    if (!this.started) this.start();
    this.progressAt = this.now();
    this.request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.request.off('data', this.onData).off('end', this.onEnd);
    callback(error);
  }

  private start(): void {
    this.started = true;
    this.onStart();
    this.request.on('data', this.onData).on('end', this.onEnd);
  }

  private readonly onData = (chunk: Buffer): void => {
    this.progressAt = this.now();
    if (!this.push(chunk)) this.request.pause();
  };

  private readonly onEnd = (): void => {
    this.push(null);
  };
}
