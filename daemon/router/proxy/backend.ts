import { Client, Pool, type Dispatcher } from 'undici';
import type { Backend } from '../control/protocol.js';
import type { RouterLimits } from '../limits.js';
import { FAILURES, type Failure } from './failures.js';
import { MAX_RESPONSE_HEADERS } from './response-headers.js';

/** How often one connection has been used: a second request on it may meet a dyno that is just closing it. */
export interface ConnectionUse {
  requests: number;
}

/** A handler that is told which connection its request goes by. */
export interface RidingHandler extends Dispatcher.DispatchHandler {
  ride(use: ConnectionUse): void;
}

/** What is cut when its backend is gone for good. */
export interface Cuttable {
  cut(failure: Failure): void;
}

class CountingClient extends Client {
  private readonly use: ConnectionUse = { requests: 0 };

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    this.on('connect', () => {
      this.use.requests = 0;
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as RidingHandler).ride(this.use);
    return super.dispatch(options, handler);
  }
}

/** One dyno: its connections, and what is under way on it in this worker. */
export class LiveBackend {
  readonly id: string;
  readonly dyno: string;
  readonly address: string;
  /** What is under way; those upgraded apart. */
  readonly running = new Set<Cuttable>();
  readonly upgraded = new Set<Cuttable>();
  /** Why it is quarantined, if it is. */
  quarantine: { readonly until: number; readonly failure: Failure } | undefined;
  private readonly options: Client.Options;
  private readonly pool: Pool;
  private isDraining = false;

  constructor(
    backend: Backend,
    private readonly limits: RouterLimits,
  ) {
    this.id = backend.id;
    this.dyno = backend.dyno;
    this.address = addressOf(backend);
    this.options = {
      keepAliveTimeout: limits.backendIdleMs,
      keepAliveMaxTimeout: limits.backendIdleMs,
      // The router's own clock watches the times (see Attempt.check): two clocks would disagree.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_RESPONSE_HEADERS,
      pipelining: 1,
      connectTimeout: limits.connectMs,
    };
    this.pool = new Pool(`http://${this.address}`, {
      ...this.options,
      factory: (origin, options) => new CountingClient(origin, options),
    });
  }

  get draining(): boolean {
    return this.isDraining;
  }

  eligible(now: number): boolean {
    if (this.isDraining) return false;
    return this.quarantine === undefined || this.quarantine.until <= now;
  }

  quarantineUntil(until: number, failure: Failure): void {
    this.quarantine = { until, failure };
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: RidingHandler): void {
    this.pool.dispatch(options, handler);
  }

  /** On a connection of its own, which is closed afterwards: for a request whose kept-alive connection had died. */
  dispatchFresh(options: Dispatcher.DispatchOptions, handler: RidingHandler): void {
    const client = new CountingClient(`http://${this.address}`, this.options);
    client.dispatch(options, handler);
    void client.close().catch(() => undefined);
  }

  /** No new request; idle connections close now, busy ones after their request. Cannot be taken back. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    void this.pool.close().catch(() => undefined);
  }

  /** Drains, and cuts what is left when the grace is over. */
  remove(): void {
    this.drain();
    if (this.running.size === 0 && this.upgraded.size === 0) return;
    setTimeout(() => this.cut(), this.limits.removedGraceMs).unref();
  }

  private cut(): void {
    for (const cuttable of [...this.running, ...this.upgraded]) cuttable.cut(FAILURES.H24);
    void this.pool.destroy().catch(() => undefined);
  }
}

export function addressOf({ host, port }: Backend): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
