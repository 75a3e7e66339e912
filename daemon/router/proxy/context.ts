import type { RouterLimits } from '../limits.js';

/** Something with a time limit; `check` is called every `checkMs`. */
export interface Watched {
  check(now: number): void;
}

/** How a client came in. */
export interface Entrance {
  readonly protocol: 'http' | 'https';
  readonly port: string;
}

export interface AccessLog {
  /** `text` is one line of `accessText`. */
  write(appId: string, text: string): void;
}

/** What every request of a worker shares. */
export interface ProxyContext {
  readonly limits: RouterLimits;
  readonly log: AccessLog;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  readonly newRequestId: () => string;
  /** The worker drains: every response closes its connection. */
  readonly isDraining: () => boolean;
  readonly watched: Set<Watched>;
}
