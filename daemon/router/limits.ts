/** Every figure the router goes by. All `…Ms` are milliseconds. Defaults are Heroku's where Heroku has one. */
export const DEFAULT_LIMITS = {
  /** A client must have sent its whole request head by then. */
  headersMs: 10_000,
  /** A TLS handshake must be over by then. */
  handshakeMs: 10_000,
  /** A kept-alive client connection without a request is closed after this. */
  clientIdleMs: 60_000,
  /** A backend's idle connection is kept this long, or a second less than the backend announces. */
  backendIdleMs: 90_000,
  connectMs: 5_000,
  /** From the last byte of the request sent to the first byte of the response (H12). */
  firstByteMs: 30_000,
  /** Silence in either direction of a stream, an upload or an upgraded connection (H15, H28). */
  idleMs: 55_000,
  /** A backend that refused or timed out gets no request for so long. */
  quarantineMs: 5_000,
  /** How long a request waits for a dyno of an app that is `starting` (H20). */
  startingQueueMs: 75_000,
  /** How long it waits when the app is `serving` and no backend can be chosen just now. */
  servingQueueMs: 5_000,
  /** How long the rest of an unread request body is discarded after the answer, before the connection is cut. */
  lingerMs: 5_000,
  /** A draining worker ends by then, with whatever is still open. */
  workerDrainMs: 60_000,
  /** A draining worker closes clients' idle connections this long after the drain began. */
  drainIdleMs: 5_000,
  /** What still runs on a backend that left the table is cut after this. */
  removedGraceMs: 30_000,
  shutdownMs: 10_000,
  /** A worker that is not ready, or does not answer its holder, for so long is killed and replaced. */
  workerStartMs: 60_000,
  workerAnswerMs: 10_000,
  /** How often the times above are looked at: their accuracy. */
  checkMs: 500,
  logFlushMs: 10,
  /** Open client connections, over all workers. */
  maxConnections: 20_000,
  /** TLS handshakes under way on one listening socket of one worker: above it the oldest are cut. */
  maxHandshakes: 1_000,
  /** Requests under way of one app in one worker, for each of its backends (H11). */
  maxRequestsPerBackend: 200,
  /** Requests that wait for a dyno, of one app in one worker (H11). */
  maxQueue: 200,
  maxAttempts: 10,
  logSegmentBytes: 16 * 1024 * 1024,
  logSegments: 64,
};

export type RouterLimits = Readonly<typeof DEFAULT_LIMITS>;
export type LimitName = keyof RouterLimits;

export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(DEFAULT_LIMITS, name);
}
