import { isAborted } from './aborted.js';
import type { Clock } from './clock.js';

/**
 * Runs one job again and again, never two at once.
 *
 * Invariants: a trigger during a run causes exactly one more run after it; no trigger is lost; `stop` aborts the signal
 * handed to the running job and resolves when that job has ended; after `stop` nothing runs.
 */
export class ExclusiveRunner {
  private running: Promise<void> | undefined;
  private again = false;
  private readonly stopped = new AbortController();

  constructor(
    private readonly job: (signal: AbortSignal) => Promise<void>,
    private readonly onError: (error: unknown) => void,
    private readonly options: { readonly clock: Clock; readonly debounceMs: number },
  ) {}

  trigger(): void {
    if (this.stopped.signal.aborted) return;
    this.again = true;
    this.running ??= this.runAll().finally(() => {
      this.running = undefined;
    });
  }

  /** Resolves when nothing runs and nothing is due. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async runAll(): Promise<void> {
    const { signal } = this.stopped;
    for (;;) {
      await this.options.clock.sleep(this.options.debounceMs, signal);
      if (!this.again || isAborted(signal)) return;
      this.again = false;
      try {
        await this.job(signal);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
