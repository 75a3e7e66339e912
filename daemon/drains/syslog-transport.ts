import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Batch } from './batch.js';
import { outcomeOfError, type Outcome } from './outcome.js';
import { withinTime } from './time-limit.js';
import type { Transport, TransportOptions } from './transport.js';

/** A syslog receiver has nothing to say; one that says more than this is something else. */
const TALK_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 60_000;

/**
 * One connection that is kept, over TCP or TLS. A batch counts as taken when the system has taken all of it: syslog has no
 * answer that would say more, but for a connection that breaks.
 */
export class SyslogTransport implements Transport {
  readonly framing = 'syslog';
  readonly confirms = false;
  private socket: Socket | null = null;
  private broken: number | null = null;

  constructor(private readonly options: TransportOptions) {}

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const { connectMs, answerMs } = this.options.limits;
    try {
      const socket =
        this.connected() ??
        (await withinTime({ signal, ms: connectMs, what: 'it did not connect' }, (within) =>
          this.connect(within),
        ));
      await withinTime({ signal, ms: answerMs, what: 'it did not take a batch' }, (within) =>
        write(socket, batch.body, within),
      );
      return { kind: 'taken' };
    } catch (error) {
      if (this.socket) this.broken ??= this.options.now();
      this.close();
      return outcomeOfError(error);
    }
  }

  brokenAt(): number | null {
    const { broken } = this;
    this.broken = null;
    return broken;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = null;
  }

  /** Null too for a connection that the receiver has ended in the meantime. */
  private connected(): Socket | null {
    return this.socket?.readyState === 'open' ? this.socket : null;
  }

  private async connect(signal: AbortSignal): Promise<Socket> {
    this.close();
    const socket = await opened(this.options, signal);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    let heard = 0;
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.length;
      if (heard > TALK_BYTES) socket.destroy();
    });
    const broke = (): void => {
      if (this.socket === socket) this.broken ??= this.options.now();
    };
    socket.once('end', broke).once('close', broke);
    this.socket = socket;
    return socket;
  }
}

function opened({ address, trust }: TransportOptions, signal: AbortSignal): Promise<Socket> {
  const { host, port, scheme } = address;
  const secure = scheme === 'syslog+tls';
  const socket = secure
    ? connectTls({ host, port, secureContext: trust(), ...(isIP(host) === 0 ? { servername: host } : {}) })
    : connectTcp({ host, port });
  // Whoever waits for the socket learns of it; while nobody does, it is only a connection to be made anew.
  socket.on('error', () => undefined);
  return untilAborted(socket, signal, (done) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => done(null, socket));
  });
}

function write(socket: Socket, body: Buffer, signal: AbortSignal): Promise<void> {
  return untilAborted(socket, signal, (done) =>
    socket.write(body, (error) => done(error ?? null, undefined)),
  );
}

/** Rejects, and destroys the socket, when the signal aborts, and when the socket breaks or closes before it is done. */
function untilAborted<T>(
  socket: Socket,
  signal: AbortSignal,
  begin: (done: (error: Error | null, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      socket.off('error', fail);
      socket.off('close', closed);
      signal.removeEventListener('abort', abort);
      settle();
    };
    const fail = (error: unknown): void =>
      end(() => {
        socket.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    const closed = (): void => fail(new Error('it closed the connection'));
    const abort = (): void => fail(signal.reason);
    socket.once('error', fail);
    socket.once('close', closed);
    signal.addEventListener('abort', abort, { once: true });
    begin((error, value) => (error ? fail(error) : end(() => resolve(value))));
    if (signal.aborted) abort();
  });
}
