import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { AddonRecord } from '../store/addons.js';
import type { Store } from '../store/store.js';
import type { Catalogue } from './catalogue.js';
import { instanceOf } from './engines-of.js';

export interface UpkeepParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalogue: Catalogue;
  readonly deprovision: (addon: AddonRecord) => Promise<void>;
  /** Aborts when tfkd stops. */
  readonly stopped: AbortSignal;
}

const EVERY_MS = 30_000;

/** Keeps the add-ons running, and finishes what was cut off. */
export class Upkeep {
  constructor(private readonly parts: UpkeepParts) {}

  /** After a start: what was cut off is finished or undone, what should run is started, and looked after from then on. */
  async recover(): Promise<void> {
    await this.removeAll(({ state }) => state !== 'provisioned');
    await this.ensureAll();
    void this.keepRunning();
  }

  /** Stops the servers, and keeps their data. One that cannot be stopped does not keep the others from it. */
  async stopServers(): Promise<void> {
    const { store, catalogue } = this.parts;
    await this.ofEach('an add-on could not be stopped', (addon) =>
      catalogue.of(addon).stop(instanceOf(store, addon)),
    );
  }

  private async keepRunning(): Promise<void> {
    const { stopped, clock } = this.parts;
    for (;;) {
      await clock.sleep(EVERY_MS, stopped);
      if (stopped.aborted) return;
      await this.removeAll(({ state }) => state === 'deprovisioning');
      await this.ensureAll();
    }
  }

  private async ensureAll(): Promise<void> {
    const { store, catalogue } = this.parts;
    await this.ofEach('an add-on does not run', (addon) =>
      catalogue.of(addon).ensureRunning(instanceOf(store, addon)),
    );
  }

  private async ofEach(failure: string, work: (addon: AddonRecord) => Promise<void>): Promise<void> {
    const { store, logger } = this.parts;
    const provisioned = store.addons.all().filter(({ state }) => state === 'provisioned');
    const works = provisioned.map((addon) =>
      work(addon).catch((error: unknown) => logger.error({ err: error, addon: addon.name }, failure)),
    );
    await Promise.all(works);
  }

  private async removeAll(which: (addon: AddonRecord) => boolean): Promise<void> {
    for (const addon of this.parts.store.addons.all().filter(which)) {
      await this.parts.deprovision(addon).catch((error: unknown) => {
        this.parts.logger.error(
          { err: error, addon: addon.name },
          'an unfinished add-on could not be removed',
        );
      });
    }
  }
}
