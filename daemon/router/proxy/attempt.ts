import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Stage } from './backend-failure.js';
import type { Cuttable, LiveBackend } from './backend.js';
import type { Connection } from './connections.js';
import type { ProxyContext } from './context.js';
import { FAILURES, type Failure } from './failures.js';
import type { RequestBody } from './request-body.js';
import { relayedHead, switchedHead } from './response-headers.js';

/** Where an attempt's answer goes. */
export interface AnswerSink {
  begin(status: number, statusText: string, headers: string[]): void;
  /** Answers false when the client must take what it has before it is given more. */
  write(chunk: Buffer, onDrain: () => void): boolean;
  end(): void;
  hint(link: string): void;
  switchProtocols(headers: readonly string[], socket: Duplex): void;
  /** The attempt is over without a whole answer. */
  attemptFailed(attempt: Attempt, error: unknown): void;
  fail(failure: Failure): void;
}

const MAX_INFORMATIONAL = 10;

/** One request on one backend, from the choice to the last byte. It is counted on the backend for as long as it runs. */
export class Attempt implements Dispatcher.DispatchHandler, Cuttable {
  stage: Stage = 'connecting';
  /** The connection had carried a request before. */
  reused = false;
  /** Monotonic; undefined until there was a connection. */
  connectedAt: number | undefined;
  readonly startedAt: number;
  private over = false;
  private connection: Connection | undefined;
  private resume: (() => void) | undefined;
  private paused = false;
  private sentAt: number | undefined;
  private activeAt: number;
  private informational = 0;

  constructor(
    private readonly context: ProxyContext,
    readonly backend: LiveBackend,
    private readonly sink: AnswerSink,
    private readonly body: RequestBody | undefined,
    private readonly protocol: string | undefined,
  ) {
    this.startedAt = this.activeAt = context.now();
    backend.running.add(this);
  }

  /** `fresh`: on a connection that has carried nothing yet. */
  dispatch(options: Dispatcher.DispatchOptions, fresh: boolean): void {
    this.connection = this.backend.connections.take(fresh);
    this.connection.dispatch(options, this);
  }

  /** Ends the attempt from the router's side; the connection is closed. */
  abandon(): void {
    if (!this.over) this.leave();
  }

  cut(failure: Failure): void {
    if (!this.over) this.sink.fail(failure);
  }

  check(now: number): void {
    if (this.over || this.connectedAt === undefined) return;
    const failure = this.stage === 'body' ? this.silenceOfStream(now) : this.silenceOfBackend(now);
    if (failure) this.sink.fail(failure);
  }

  onConnect(): void {
    if (this.over || !this.connection) return;
    this.connectedAt = this.activeAt = this.context.now();
    this.stage = 'waiting';
    this.reused = this.connection.used++ > 0;
  }

  onBodySent(): void {
    this.activeAt = this.context.now();
  }

  onRequestSent(): void {
    this.sentAt = this.context.now();
  }

  onResponseStarted(): void {
    if (this.stage === 'waiting') this.stage = 'head';
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.over) return true;
    if (status < 200) return this.onInformational(status, raw);
    const head = relayedHead(status, statusText, raw);
    if ('code' in head) {
      this.sink.fail(head);
      return true;
    }
    this.resume = resume;
    this.stage = 'body';
    this.activeAt = this.context.now();
    this.sink.begin(status, statusText, head.headers);
    // Neither has a body, whatever length the dyno announces; the HTTP client would wait for it.
    if ((status === 204 || status === 304) && (head.contentLength ?? 0) > 0) this.finishEarly();
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.over) return true;
    this.activeAt = this.context.now();
    this.paused = !this.sink.write(chunk, this.onDrain);
    return !this.paused;
  }

  onComplete(): void {
    if (this.over || !this.connection) return;
    this.over = true;
    this.backend.running.delete(this);
    this.backend.connections.giveBack(this.connection);
    this.sink.end();
  }

  onUpgrade(status: number, raw: Buffer[] | string[] | null, socket: Duplex): void {
    const head = switchedHead((raw ?? []) as Buffer[], this.protocol ?? '');
    if (this.over || status !== 101 || 'code' in head) {
      socket.on('error', () => undefined).destroy();
      if (!this.over) this.sink.fail(FAILURES.H17);
      return;
    }
    this.leave();
    this.sink.switchProtocols(head.headers, socket);
  }

  onError(error: Error): void {
    if (this.over) return;
    this.leave();
    this.sink.attemptFailed(this, error);
  }

  private finishEarly(): void {
    this.leave();
    this.sink.end();
  }

  private leave(): void {
    this.over = true;
    this.backend.running.delete(this);
    this.connection?.destroy();
  }

  private onInformational(status: number, raw: Buffer[]): boolean {
    this.informational += 1;
    this.stage = 'waiting';
    if (status < 102 || this.informational > MAX_INFORMATIONAL) this.sink.fail(FAILURES.H17);
    else if (status === 103) this.passHint(raw);
    return true;
  }

  private passHint(raw: Buffer[]): void {
    for (let i = 0; i < raw.length; i += 2) {
      if (raw[i]?.toString('latin1').toLowerCase() === 'link')
        this.sink.hint(raw[i + 1]?.toString('latin1') ?? '');
    }
  }

  private readonly onDrain = (): void => {
    if (!this.paused || this.over) return;
    this.paused = false;
    this.activeAt = this.context.now();
    this.resume?.();
  };

  /** Before the response: a silent backend, or a client that stopped in the middle of its body. */
  private silenceOfBackend(now: number): Failure | undefined {
    const { limits } = this.context;
    if (this.sentAt !== undefined) return now - this.sentAt > limits.firstByteMs ? FAILURES.H12 : undefined;
    const lastProgress = Math.max(this.activeAt, this.body?.progressAt ?? 0);
    if (now - lastProgress <= limits.idleMs) return undefined;
    return this.body?.waitsForClient === true ? FAILURES.H28 : FAILURES.H15;
  }

  private silenceOfStream(now: number): Failure | undefined {
    const lastProgress = Math.max(this.activeAt, this.body?.progressAt ?? 0);
    if (now - lastProgress <= this.context.limits.idleMs) return undefined;
    return this.paused ? FAILURES.H28 : FAILURES.H15;
  }
}
