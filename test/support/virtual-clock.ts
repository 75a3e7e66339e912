import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../daemon/shared/clock.js';

/** Turns of the event loop in which everything that waits for no clock has had its say. */
const TURNS = 4;

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes only when the test says so: hours in milliseconds, and sleepers in the order of their moments. */
export class VirtualClock implements Clock {
  private readonly sleepers = new Set<Sleeper>();

  constructor(private time: number) {}

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const wake = () => {
        this.sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { at: this.time + ms, wake };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Time passes up to a moment, or until `ends` says so. */
  async passUntil(moment: number, ends: () => boolean = () => false): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < TURNS; turn++) await nextTurn();
      if (ends()) return;
      const next = [...this.sleepers].sort((one, other) => one.at - other.at)[0];
      if (!next || next.at > moment) break;
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = Math.max(this.time, moment);
  }
}
