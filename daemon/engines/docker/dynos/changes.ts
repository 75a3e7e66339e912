import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { isAborted } from '../../../shared/aborted.js';
import type { Clock } from '../../../shared/clock.js';
import type { DockerClient } from '../client.js';
import type { Names } from '../names.js';

const EVENTS = ['start', 'die', 'pause', 'unpause', 'destroy'];
/** Between a lost connection and the next try, in milliseconds: short at first, for a dockerd that is only restarted. */
const PAUSES = [100, 200, 500, 1_000, 2_000];

/**
 * Tells its subscribers that a dyno's state may have changed: at each event of dockerd, at each new connection to it, since events
 * may have been missed (the engine keeps only 256), and when the connection is lost. What has changed they see in a listing.
 */
export class Changes {
  private readonly subscribers = new Set<() => void>();
  /** Ids of containers whose end was told. */
  private readonly ended = new Set<string>();
  private stopped = new AbortController();

  constructor(
    private readonly parts: { readonly client: DockerClient; readonly names: Names; readonly clock: Clock },
  ) {}

  subscribe(changed: () => void): () => void {
    const own = () => changed();
    this.subscribers.add(own);
    if (this.subscribers.size === 1) void this.follow(this.stopped.signal);
    return () => {
      this.subscribers.delete(own);
      if (this.subscribers.size > 0) return;
      this.stopped.abort();
      this.stopped = new AbortController();
    };
  }

  /** Was its end told, and no start since? dockerd tells it a moment before its listings know. */
  hasEnded(containerId: string): boolean {
    return this.ended.has(containerId);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!isAborted(signal)) {
      const heard = await this.listen(signal).catch(() => false);
      failures = heard ? 0 : failures + 1;
      if (isAborted(signal)) return;
      if (heard) this.tell();
      const pause = PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 0;
      await this.parts.clock.sleep(pause, signal);
    }
  }

  /** True: connected, and lost again. Resolves at the end of the connection; rejects where there was none. */
  private async listen(signal: AbortSignal): Promise<boolean> {
    const { client, names } = this.parts;
    const docker = await client.api();
    const filters = { type: ['container' as const], event: EVENTS, label: names.filter('dyno') };
    const events = await docker.getEvents({ filters, abortSignal: signal });
    this.ended.clear();
    this.tell();
    const lines = createInterface({ input: events }).on('line', (line) => this.hear(line));
    // It passes on what ends the connection, which `finished` tells too.
    lines.on('error', () => undefined);
    await finished(events).catch(() => undefined);
    return true;
  }

  private hear(line: string): void {
    const event = eventOf(line);
    if (event?.action === 'die') this.ended.add(event.containerId);
    else if (event) this.ended.delete(event.containerId);
    this.tell();
  }

  private tell(): void {
    for (const changed of [...this.subscribers]) changed();
  }
}

/** Null for a line that is none of dockerd's events: nothing that anybody sends is to end tfkd. */
export function eventOf(line: string): { readonly action: string; readonly containerId: string } | null {
  try {
    const { Action: action, Actor: actor } = JSON.parse(line) as {
      Action?: unknown;
      Actor?: { ID?: unknown };
    };
    const containerId = actor?.ID;
    return typeof action === 'string' && typeof containerId === 'string' ? { action, containerId } : null;
  } catch {
    return null;
  }
}
