import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { AddonRecord } from '../store/addons.js';
import type { Store } from '../store/store.js';
import type { Catalogue } from './catalogue.js';
import { instanceOf } from './engines-of.js';
import type { Expected } from './expected.js';

export interface UpkeepParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalogue: Catalogue;
  readonly expected: Expected;
  readonly deprovision: (addon: AddonRecord) => Promise<void>;
  /** Aborts when tfkd stops. */
  readonly stopped: AbortSignal;
}

const EVERY_MS = 30_000;

/** Keeps the add-ons running, and finishes what was cut off. */
export class Upkeep {
  /** Ids of those that are being seen to: no other add-on waits for them. */
  private readonly busy = new Set<string>();

  constructor(private readonly parts: UpkeepParts) {}

  /**
   * After a start: what was cut off is undone, what should run is started, and looked after from then on. Resolves when each
   * was seen to once; never rejects.
   */
  async recover(): Promise<void> {
    await this.guarded('unfinished add-ons could not be found', async () => this.giveUpUnfinished());
    const first = this.seeToAll();
    void this.keepSeeingTo();
    await first;
  }

  /** Stops the servers, and keeps their data. One that cannot be stopped does not keep the others from it. */
  async stopServers(): Promise<void> {
    const { store, logger, catalogue } = this.parts;
    const provisioned = store.addons.all().filter(({ state }) => state === 'provisioned');
    const stops = provisioned.map(async (addon) => {
      try {
        await catalogue.of(addon).stop(instanceOf(store, addon));
      } catch (error) {
        logger.error({ err: error, addon: addon.name }, 'an add-on could not be stopped');
      }
    });
    await Promise.all(stops);
  }

  /** Nobody waits any more for what a tfkd before this one was making; it goes as soon as it can be removed. */
  private giveUpUnfinished(): void {
    const { store, clock } = this.parts;
    for (const { id, state } of store.addons.all())
      if (state === 'provisioning') store.addons.markDeprovisioning(id, clock.now());
  }

  private async keepSeeingTo(): Promise<void> {
    const { stopped, clock } = this.parts;
    for (;;) {
      await clock.sleep(EVERY_MS, stopped);
      if (stopped.aborted) return;
      void this.seeToAll();
    }
  }

  private async seeToAll(): Promise<void> {
    await this.guarded('the add-ons could not be seen to', async () => {
      await Promise.all(this.parts.store.addons.all().map((addon) => this.seeTo(addon)));
    });
  }

  private async seeTo(addon: AddonRecord): Promise<void> {
    const { store, catalogue, expected, deprovision, stopped } = this.parts;
    if (addon.state === 'provisioning' || this.busy.has(addon.id)) return;
    this.busy.add(addon.id);
    await (addon.state === 'deprovisioning'
      ? this.guarded('an unfinished add-on could not be removed', () => deprovision(addon), addon)
      : this.guarded(
          'an add-on does not run',
          async () =>
            catalogue.of(addon).ensureRunning(instanceOf(store, addon, expected.of(addon.id)), stopped),
          addon,
        ));
    this.busy.delete(addon.id);
  }

  private async guarded(failure: string, work: () => Promise<void>, addon?: AddonRecord): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.parts.stopped.aborted) this.parts.logger.error({ err: error, addon: addon?.name }, failure);
    }
  }
}
