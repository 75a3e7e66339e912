import type { SlugUploads } from '../build/slug-uploads.js';
import type { Artifact } from '../engines/engine.js';
import type { Engines } from '../engines/engines.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { Store } from '../store/store.js';

/** A rollback reaches that far back. */
export const RELEASES_KEPT = 10;
const EVERY_MS = 60 * 60_000;

/** Removes slugs that no release in reach needs; never during a build or an upload, which may be about to use one again. */
export class Garbage {
  private readonly stopped = new AbortController();

  constructor(
    private readonly parts: {
      store: Store;
      engines: Pick<Engines, 'collectGarbage'>;
      slugUploads: Pick<SlugUploads, 'busy' | 'sweep'>;
      clock: Clock;
      logger: Logger;
    },
  ) {}

  start(): void {
    void this.everyHour();
  }

  stop(): void {
    this.stopped.abort();
  }

  private async everyHour(): Promise<void> {
    const { clock, logger } = this.parts;
    const { signal } = this.stopped;
    for (;;) {
      await clock.sleep(EVERY_MS, signal);
      if (signal.aborted) return;
      await this.collect().catch((error: unknown) =>
        logger.error({ err: error }, 'collecting garbage failed'),
      );
    }
  }

  private async collect(): Promise<void> {
    const { store, engines, slugUploads } = this.parts;
    if (store.builds.pending().length > 0 || slugUploads.busy) return;
    const keep = store.slugs.inUse(RELEASES_KEPT).map((slug) => slug.artifact as Artifact);
    await engines.collectGarbage(keep);
    await slugUploads.sweep();
  }
}
