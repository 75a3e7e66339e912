import type { DynoHandle, DynoLabels } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Logger } from '../shared/logger.js';

/** The part of the log collector that the run stage needs. */
export interface LogCollection {
  track(
    appId: string,
    handle: DynoHandle,
    origin: { readonly dyno: string; readonly releaseVersion: number },
  ): void;
  drained(instance: string): Promise<void>;
  untrack(instance: string): Promise<void>;
}

/**
 * Frees what an exited dyno holds in the engine, after its last line was stored. That may take long (a dyno that flooded
 * its log), so it happens beside the reconciler; until it is done, the plan leaves the dyno alone.
 */
export class Retirement {
  private readonly underWay = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly engine: DynoHost,
    private readonly collector: LogCollection,
    private readonly logger: Logger,
    private readonly done: (appId: string) => void,
  ) {}

  isUnderWay(instance: string): boolean {
    return this.underWay.has(instance);
  }

  /** Begins; a dyno that retires already is not begun again. `drained` runs when its last line is stored. */
  retire(
    handle: DynoHandle,
    labels: DynoLabels,
    logged: boolean,
    drained: () => void = () => undefined,
  ): void {
    if (this.underWay.has(handle.instance)) return;
    const work = this.free(handle, labels, logged, drained)
      .catch((error: unknown) =>
        this.logger.error(
          { err: error, app: labels.appId, dyno: labels.dyno },
          'a dyno could not be freed, trying again later',
        ),
      )
      .finally(() => {
        this.underWay.delete(handle.instance);
        this.done(labels.appId);
      });
    this.underWay.set(handle.instance, work);
  }

  /** To be called before collecting is ended: from then on nothing that may have unread lines is removed. */
  stop(): void {
    this.stopped = true;
  }

  /** Resolves when nothing is being freed. */
  async idle(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private async free(
    handle: DynoHandle,
    labels: DynoLabels,
    logged: boolean,
    drained: () => void,
  ): Promise<void> {
    if (logged) {
      this.collector.track(labels.appId, handle, labels);
      await this.collector.drained(handle.instance);
      // Collecting that was ended is not collecting that is done: the next tfkd reads on.
      if (this.stopped) return;
    }
    drained();
    await this.engine.remove(handle);
    await this.collector.untrack(handle.instance);
  }
}
