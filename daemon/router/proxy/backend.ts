import type { Backend } from '../control/protocol.js';
import type { RouterLimits } from '../limits.js';
import { Connections } from './connections.js';
import { FAILURES, type Failure } from './failures.js';
import { MAX_RESPONSE_HEADERS } from './response-headers.js';

/** What is cut when its backend is gone for good. */
export interface Cuttable {
  cut(failure: Failure): void;
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
  readonly connections: Connections;
  private isDraining = false;

  constructor(
    backend: Backend,
    private readonly limits: RouterLimits,
  ) {
    this.id = backend.id;
    this.dyno = backend.dyno;
    this.address = addressOf(backend);
    this.connections = new Connections(`http://${this.address}`, {
      keepAliveTimeout: limits.backendIdleMs,
      keepAliveMaxTimeout: limits.backendIdleMs,
      // The router's own clock watches the times (see Attempt.check): two clocks would disagree.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_RESPONSE_HEADERS,
      pipelining: 1,
      connectTimeout: limits.connectMs,
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

  /** No new request; idle connections close now, busy ones after their request. Cannot be taken back. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.connections.close();
  }

  /** Drains, and cuts what is left when the grace is over. */
  remove(): void {
    this.drain();
    if (this.running.size === 0 && this.upgraded.size === 0) return;
    setTimeout(() => this.cut(), this.limits.removedGraceMs).unref();
  }

  private cut(): void {
    for (const cuttable of [...this.running, ...this.upgraded]) cuttable.cut(FAILURES.H24);
  }
}

export function addressOf({ host, port }: Backend): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
