import type { RouteApp, RouteState } from '../control/protocol.js';
import type { RouterLimits } from '../limits.js';
import { addressOf, LiveBackend } from './backend.js';
import { FAILURES, type Failure } from './failures.js';

/** A request that waits for, or gets, a backend. */
export interface Candidate {
  /** Takes the backend in the same tick in which it was chosen, so that a drain sees it. */
  start(backend: LiveBackend): void;
  fail(failure: Failure): void;
}

const WITHOUT_BACKEND: Readonly<Partial<Record<RouteState, Failure>>> = {
  crashed: FAILURES.H10,
  idle: FAILURES.H14,
  blank: FAILURES.H81,
};

/** One app in this worker: its backends, its waiting requests. It outlives tables, so that neither is lost by a swap. */
export class LiveApp {
  readonly id: string;
  private state: RouteState = 'serving';
  private backends: readonly LiveBackend[] = [];
  private readonly waiting = new Map<Candidate, number>();
  private turn = 0;

  constructor(
    app: RouteApp,
    private readonly limits: RouterLimits,
  ) {
    this.id = app.id;
    this.update(app);
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Makes the app as the table says; backends that stay keep their connections and counts. */
  update(app: RouteApp): void {
    this.state = app.state;
    const before = new Map(this.backends.map((backend) => [backend.id, backend]));
    this.backends = app.backends.map((wanted) => {
      const known = before.get(wanted.id);
      const reusable =
        known !== undefined && known.address === addressOf(wanted) && (!known.draining || wanted.draining);
      const backend = reusable ? known : new LiveBackend(wanted, this.limits);
      if (reusable) before.delete(wanted.id);
      if (wanted.draining) backend.drain();
      return backend;
    });
    for (const gone of before.values()) gone.remove();
  }

  /** The app left the table: what waits for it finds it blank. */
  remove(): void {
    this.state = 'blank';
    for (const backend of this.backends) backend.remove();
    this.backends = [];
  }

  /** Finds a backend for a new request: starts it, lets it wait, or fails it. */
  admit(candidate: Candidate, now: number): void {
    if (this.state !== 'maintenance' && this.requestCount() >= this.requestLimit()) {
      candidate.fail(FAILURES.H11);
      return;
    }
    this.place(candidate, now);
  }

  /** As `admit`, for a request that was admitted before. */
  place(candidate: Candidate, now: number): void {
    if (this.state === 'maintenance') {
      candidate.fail(FAILURES.H80);
      return;
    }
    const backend = this.choose(now);
    if (backend) {
      candidate.start(backend);
      return;
    }
    const failure = WITHOUT_BACKEND[this.state];
    if (failure) {
      candidate.fail(failure);
      return;
    }
    if (this.waiting.size >= this.limits.maxQueue) {
      candidate.fail(FAILURES.H11);
      return;
    }
    this.waiting.set(candidate, now);
  }

  leave(candidate: Candidate): void {
    this.waiting.delete(candidate);
  }

  /** Gives the waiting requests another look: after a new table, and as time passes. */
  settle(now: number): void {
    for (const [candidate, since] of [...this.waiting]) {
      this.waiting.delete(candidate);
      this.place(candidate, now);
      if (!this.waiting.has(candidate)) continue;
      this.waiting.set(candidate, since);
      if (now - since >= this.patience()) this.giveUp(candidate, now);
    }
  }

  *allBackends(): Iterable<LiveBackend> {
    yield* this.backends;
  }

  private giveUp(candidate: Candidate, now: number): void {
    this.waiting.delete(candidate);
    const quarantined = this.backends.find(
      ({ quarantine }) => quarantine !== undefined && quarantine.until > now,
    );
    candidate.fail(quarantined?.quarantine?.failure ?? FAILURES.H20);
  }

  private patience(): number {
    return this.state === 'starting' ? this.limits.startingQueueMs : this.limits.servingQueueMs;
  }

  /** The least busy backend; equals take turns. */
  private choose(now: number): LiveBackend | undefined {
    const { backends } = this;
    let best: LiveBackend | undefined;
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[(this.turn + i) % backends.length];
      if (!backend?.eligible(now)) continue;
      if (!best || backend.running.size < best.running.size) best = backend;
    }
    this.turn = (this.turn + 1) % Math.max(1, backends.length);
    return best;
  }

  private requestCount(): number {
    let count = 0;
    for (const backend of this.backends) count += backend.running.size;
    return count;
  }

  private requestLimit(): number {
    return this.limits.maxRequestsPerBackend * Math.max(1, this.backends.length);
  }
}
