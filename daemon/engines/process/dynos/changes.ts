import { watch, type FSWatcher } from 'node:fs';
import { isAborted } from '../../../shared/aborted.js';
import type { Clock } from '../../../shared/clock.js';

/**
 * Tells its subscribers that a dyno's state may have changed: at once where the system watches folders for us, and after a
 * look at all dynos every `pollMs`, which also finds those whose shim was killed.
 */
export class Changes {
  private readonly subscribers = new Set<() => void>();
  private readonly watched = new Map<string, FSWatcher>();
  private stopped = new AbortController();

  constructor(
    /** The folders of dynos that live, and whether one of them changed without telling. */
    private readonly look: () => Promise<{ readonly folders: readonly string[]; readonly changed: boolean }>,
    private readonly clock: Clock,
    private readonly pollMs: number,
  ) {}

  subscribe(changed: () => void): () => void {
    const own = () => changed();
    this.subscribers.add(own);
    if (this.subscribers.size === 1) void this.poll();
    return () => {
      this.subscribers.delete(own);
      if (this.subscribers.size === 0) this.stop();
    };
  }

  /** A folder that is known to have begun or ended, ahead of the next look. */
  announce(folder: string): void {
    if (this.subscribers.size === 0) return;
    this.observe(folder);
    this.tell();
  }

  private stop(): void {
    this.stopped.abort();
    this.stopped = new AbortController();
    for (const folder of [...this.watched.keys()]) this.forget(folder);
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      const seen = await this.look().catch(() => ({ folders: [], changed: true }));
      if (isAborted(signal)) return;
      const living = new Set(seen.folders);
      for (const folder of living) this.observe(folder);
      for (const folder of this.watched.keys()) if (!living.has(folder)) this.forget(folder);
      if (seen.changed) this.tell();
      await this.clock.sleep(this.pollMs, signal);
    }
  }

  private observe(folder: string): void {
    if (this.watched.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === 'exit') this.tell();
      });
      watcher.on('error', () => this.forget(folder));
      this.watched.set(folder, watcher);
    } catch {
      // No watch to be had, or the folder is gone: the next look sees it.
    }
  }

  private forget(folder: string): void {
    this.watched.get(folder)?.close();
    this.watched.delete(folder);
  }

  private tell(): void {
    for (const changed of [...this.subscribers]) changed();
  }
}
