import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { accessText } from './access-text.js';
import { Attempt, type AnswerSink } from './attempt.js';
import { failureOf, isOwnFault, wasTakenOut } from './backend-failure.js';
import type { LiveBackend } from './backend.js';
import type { Entrance, ProxyContext, Watched } from './context.js';
import { FAILURES, type Failure } from './failures.js';
import { linger } from './linger.js';
import type { Candidate, LiveApp } from './live-app.js';
import { textFor } from './pages.js';
import { RequestBody } from './request-body.js';
import type { CheckedRequest } from './request-checks.js';
import { backendHeaders, forwardedFor } from './request-headers.js';
import { sendPage } from './send-page.js';
import { Tunnel, writeSwitch } from './tunnel.js';

/** A client's request and the response to fill. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly checked: CheckedRequest;
  readonly clientAddress: string;
  readonly entrance: Entrance;
  /** There when the client asks to switch protocols: its connection, and what it sent behind its request. */
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** The life of one request for an app: it waits, is tried on backends, is answered, and leaves exactly one log line. */
export class Exchange implements Candidate, AnswerSink, Watched {
  private readonly startedAt: number;
  private readonly requestId: string;
  private readonly response: ServerResponse;
  private attempt: Attempt | undefined;
  private attempts = 0;
  /** The request went into a dying connection and is sent once more, on a new one. */
  private repeating = false;
  private failure: Failure | undefined;
  private headers: string[] | undefined;
  private body: RequestBody | undefined;
  private bytes = 0;
  private closed = false;

  constructor(
    private readonly context: ProxyContext,
    private readonly app: LiveApp,
    private readonly incoming: Incoming,
  ) {
    this.startedAt = context.now();
    this.requestId = incoming.checked.requestId ?? context.newRequestId();
    this.response = incoming.response;
  }

  enter(): void {
    this.context.watched.add(this);
    this.response.on('close', this.onClose);
    this.app.admit(this, this.startedAt);
  }

  start(backend: LiveBackend): void {
    if (this.closed) return;
    this.attempts += 1;
    this.attempt = new Attempt(this.context, backend, this, this.bodyToSend(), this.incoming.checked.upgrade);
    this.attempt.dispatch(this.dispatchOptions(), this.repeating);
  }

  /** Answers the failure if nothing was answered yet, else cuts the connection: half an answer must not look whole. */
  fail(failure: Failure): void {
    if (this.closed || this.failure) return;
    this.failure = failure;
    this.attempt?.abandon();
    this.app.leave(this);
    if (this.response.headersSent || failure.status === 499) this.response.socket?.destroy();
    else this.sendFailure(failure);
  }

  check(now: number): void {
    this.attempt?.check(now);
  }

  begin(status: number, statusText: string, headers: string[]): void {
    const { response } = this;
    if (this.context.isDraining() || this.incoming.upgrade) response.shouldKeepAlive = false;
    try {
      response.writeHead(status, statusText, headers);
    } catch {
      this.fail(FAILURES.H17);
      return;
    }
    process.nextTick(flushHead, response);
  }

  write(chunk: Buffer, onDrain: () => void): boolean {
    this.bytes += chunk.length;
    const more = this.response.write(chunk);
    if (!more) this.response.once('drain', onDrain);
    return more;
  }

  end(): void {
    this.response.end();
  }

  hint(link: string): void {
    if (this.incoming.request.httpVersionMinor !== 1) return;
    try {
      this.response.writeEarlyHints({ link });
    } catch {
      // A hint that is malformed is not worth the answer behind it.
    }
  }

  switchProtocols(headers: readonly string[], backend: Duplex): void {
    const { upgrade } = this.incoming;
    const owner = this.attempt?.backend;
    if (!upgrade || !owner) {
      this.fail(FAILURES.H17);
      return;
    }
    this.response.off('close', this.onClose);
    this.response.detachSocket(upgrade.socket);
    writeSwitch(upgrade.socket, headers);
    const ends = { client: upgrade.socket, backend, held: upgrade.head };
    new Tunnel(this.context, owner, ends, (bytes, failure) => this.tunnelClosed(bytes, failure)).open();
  }

  attemptFailed(attempt: Attempt, error: unknown): void {
    if (this.closed || this.failure) return;
    const failure = failureOf(error, attempt.stage);
    if (attempt.stage === 'connecting') {
      this.tryElsewhere(attempt.backend, error, failure);
      return;
    }
    if (!this.mayRepeat(attempt)) {
      this.fail(failure);
      return;
    }
    this.repeating = true;
    this.app.place(this, this.context.now());
  }

  /** Nothing was sent: another backend may have it, and this one is left alone for a while. */
  private tryElsewhere(backend: LiveBackend, error: unknown, failure: Failure): void {
    const now = this.context.now();
    if (isOwnFault(error)) {
      this.fail(failure);
      return;
    }
    if (!wasTakenOut(error)) backend.quarantineUntil(now + this.context.limits.quarantineMs, failure);
    if (this.attempts >= this.context.limits.maxAttempts) {
      this.fail(failure);
      return;
    }
    this.app.place(this, now);
  }

  /** Only what may happen twice, and only when the dyno closed a kept connection before it answered a byte. */
  private mayRepeat(attempt: Attempt): boolean {
    const harmless = IDEMPOTENT.has(this.incoming.checked.method) && this.body === undefined;
    return harmless && attempt.reused && attempt.stage === 'waiting' && !this.repeating;
  }

  private dispatchOptions(): Dispatcher.DispatchOptions {
    const { checked } = this.incoming;
    return {
      path: checked.path,
      method: checked.method,
      headers: (this.headers ??= this.buildHeaders()),
      body: this.body ?? null,
      upgrade: checked.upgrade ?? null,
    };
  }

  private buildHeaders(): string[] {
    const { checked, clientAddress, entrance } = this.incoming;
    const { context, requestId } = this;
    return backendHeaders(checked, { requestId, clientAddress, entrance, at: context.wallClock() });
  }

  private bodyToSend(): RequestBody | undefined {
    const { checked, request, response } = this.incoming;
    if (checked.body === 'none' || checked.body === 0) return undefined;
    this.body ??= new RequestBody(request, this.context.now, () => {
      if (checked.expectsContinue) response.writeContinue();
    });
    return this.body;
  }

  private sendFailure(failure: Failure): void {
    if (this.context.isDraining() || this.incoming.upgrade) this.response.shouldKeepAlive = false;
    const { code, desc, status } = failure;
    sendPage(this.response, {
      status,
      code,
      title: desc,
      text: textFor(code, desc),
      requestId: this.requestId,
    });
  }

  private readonly onClose = (): void => {
    if (!this.response.writableFinished) this.failure ??= FAILURES.H27;
    this.close(this.failure?.status ?? this.response.statusCode, this.bytes);
    if (!this.incoming.upgrade) linger(this.context, this.incoming.request);
  };

  private tunnelClosed(bytes: number, failure: Failure | undefined): void {
    this.failure = failure;
    this.close(failure?.status ?? 101, bytes);
  }

  private close(status: number, bytes: number): void {
    this.closed = true;
    this.context.watched.delete(this);
    this.app.leave(this);
    this.attempt?.abandon();
    this.context.log.write(this.app.id, this.describe(status, bytes));
  }

  private describe(status: number, bytes: number): string {
    const { checked, clientAddress, entrance } = this.incoming;
    const { attempt } = this;
    const connectedAt = attempt?.connectedAt;
    return accessText({
      protocol: entrance.protocol,
      method: checked.method,
      path: checked.path,
      host: checked.hostname,
      requestId: this.requestId,
      fwd: forwardedFor(checked, clientAddress),
      dyno: attempt?.backend.dyno,
      connectMs: connectedAt === undefined ? undefined : connectedAt - this.startedAt,
      serviceMs: connectedAt === undefined ? undefined : this.context.now() - connectedAt,
      status: this.failure === FAILURES.H24 ? undefined : status,
      bytes: connectedAt === undefined ? undefined : bytes,
      failure: this.failure,
    });
  }
}

/** A head without a body yet (a stream that starts slowly) goes out at once; one with a body went with it. */
function flushHead(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders();
}
