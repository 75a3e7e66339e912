import { createServer } from 'node:net';
import type { Clock } from '../../../shared/clock.js';
import { codeOf, TfkError } from '../../../shared/errors.js';

/** Below the range from which Linux takes the ports of outgoing connections (32768 and up). */
const LOWEST = 20_000;
const HIGHEST = 31_999;

/**
 * Hands out free ports of 127.0.0.1, each to one dyno at a time. A port given back rests before it is used again, so that a
 * router with yesterday's table reaches nobody rather than a stranger.
 */
export class Ports {
  private readonly taken = new Set<number>();
  private readonly resting = new Map<number, number>();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly restMs = 60_000,
    private readonly range = { lowest: LOWEST, highest: HIGHEST },
  ) {}

  /** `held`: the ports of all dynos on disk, those of an earlier tfkd too. */
  async take(held: ReadonlySet<number>): Promise<number> {
    const size = this.range.highest - this.range.lowest + 1;
    const first = Math.floor(this.random() * size);
    for (let step = 0; step < size; step++) {
      const port = this.range.lowest + ((first + step) % size);
      if (held.has(port) || this.isTaken(port)) continue;
      this.taken.add(port);
      if (await isFree(port)) return port;
      this.taken.delete(port);
    }
    throw new TfkError(
      'unavailable',
      `No port between ${this.range.lowest} and ${this.range.highest} is free.`,
      {
        hint: 'Scale an app down, or look for what listens on them with `ss -ltn`.',
      },
    );
  }

  giveBack(port: number): void {
    this.taken.delete(port);
    this.resting.set(port, this.clock.now() + this.restMs);
  }

  private isTaken(port: number): boolean {
    const until = this.resting.get(port);
    if (until !== undefined && until <= this.clock.now()) this.resting.delete(port);
    return this.taken.has(port) || this.resting.has(port);
  }
}

/** Nobody listens on it, on any address. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: '0.0.0.0', exclusive: true }, resolve);
    });
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') return false;
    throw error;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
