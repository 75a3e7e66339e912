import type { EngineName } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SerialQueue } from '../shared/serial-queue.js';
import type { RotationRecord } from '../store/addon-rotations.js';
import type { AddonRecord } from '../store/addons.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { Store } from '../store/store.js';
import type { AddonData, CredentialRotation } from './addon.js';
import type { Catalogue } from './catalogue.js';
import { instanceOf } from './engines-of.js';
import type { Rebinding } from './rebinding.js';

export interface RotationParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalogue: Catalogue;
  readonly rebinding: Rebinding;
  /** Who changes an add-on's data takes a turn of its id. */
  readonly turns: SerialQueue;
  /** Aborts when tfkd stops. */
  readonly stopped: AbortSignal;
}

const LOOK_MS = 2_000;
const AFTER_FAILURE_MS = 30_000;
const ENGINES: readonly EngineName[] = ['process', 'docker'];

/**
 * New credentials for an add-on. Both are valid while releases bring the new ones to the dynos; the former end when no dyno has
 * them. With the row that says so, the rotation is begun; a tfkd that ends before has begun nothing, one that ends later goes on.
 */
export class Rotations {
  private watching = false;

  constructor(private readonly parts: RotationParts) {}

  /** Resolves when the releases with the new credentials are made. */
  async start(addon: AddonRecord, actor: string): Promise<void> {
    await this.parts.turns.run(addon.id, () => this.begin(addon.id));
    void this.watch();
    await this.rebind(addon, actor);
  }

  /** After a start: what was begun goes on. The apps whose releases were not made get them now. */
  recover(actor: string): void {
    const { store, logger } = this.parts;
    for (const { addonId } of store.addonRotations.all()) {
      const addon = store.addons.find(addonId);
      if (addon?.state === 'provisioned')
        void this.rebind(addon, actor).catch((error: unknown) => {
          logger.warn({ err: error, addon: addon.name }, 'an app waits for new credentials of its add-on');
        });
    }
    void this.watch();
  }

  /** In words, for who looks at the add-on. */
  status({ id }: AddonRecord): string | null {
    if (!this.parts.store.addonRotations.of(id)) return null;
    return 'New; the former ones end with the last dyno that has them';
  }

  private async begin(id: string): Promise<void> {
    const { store, clock } = this.parts;
    const addon = this.provisioned(id);
    if (store.addonRotations.of(id))
      throw new TfkError(
        'conflict',
        `The credentials of ${addon.name} are being rotated: dynos with the former ones still run. Nothing was changed.`,
        { hint: 'See which: tfk ps. When they have ended, type the command again.' },
      );
    const data = await this.rotationOf(addon).begin(instanceOf(store, addon));
    store.transaction(() => {
      const former = this.provisioned(id).data ?? {};
      store.addons.setData(id, data, clock.now());
      store.addonRotations.insert({ addonId: id, former, begunAt: clock.now() });
    });
  }

  /** Rejects as the first of the releases does, when all have been tried. */
  private async rebind({ id, name }: AddonRecord, actor: string): Promise<void> {
    const { store, rebinding } = this.parts;
    const attachments = store.addons.attachments().filter(({ addonId }) => addonId === id);
    const living = attachments.filter(({ appId }) => store.apps.find(appId)?.destroyedAt === null);
    const made = await Promise.allSettled(
      [...new Set(living.map(({ appId }) => appId))].map((appId) =>
        rebinding.make({
          appId,
          description: `Rotate credentials (@ref:${name})`,
          actor,
          done: `${name} has new credentials`,
        }),
      ),
    );
    for (const result of made) if (result.status === 'rejected') throw result.reason;
  }

  private async watch(): Promise<void> {
    const { store, clock, stopped } = this.parts;
    if (this.watching) return;
    this.watching = true;
    while (!stopped.aborted && store.addonRotations.all().length > 0) {
      const results = await Promise.all(store.addonRotations.all().map((rotation) => this.seeTo(rotation)));
      await clock.sleep(results.includes('failed') ? AFTER_FAILURE_MS : LOOK_MS, stopped);
    }
    this.watching = false;
  }

  private async seeTo(rotation: RotationRecord): Promise<'failed' | 'seen'> {
    const { logger, turns, stopped } = this.parts;
    try {
      await turns.run(rotation.addonId, () => this.endWhereUnused(rotation));
      return 'seen';
    } catch (error) {
      if (!stopped.aborted)
        logger.error(
          { err: error, addon: rotation.addonId },
          'former credentials of an add-on do not end yet',
        );
      return 'failed';
    }
  }

  private async endWhereUnused({ addonId, former }: RotationRecord): Promise<void> {
    const { store, clock } = this.parts;
    const addon = store.addons.find(addonId);
    if (addon?.state !== 'provisioned' || this.isInUse(addon, former)) return;
    const data = await this.rotationOf(addon).end(instanceOf(store, addon), former);
    store.transaction(() => {
      if (JSON.stringify(data) !== JSON.stringify(addon.data))
        store.addons.setData(addonId, data, clock.now());
      store.addonRotations.delete(addonId);
    });
  }

  private isInUse(addon: AddonRecord, former: AddonData): boolean {
    const { store } = this.parts;
    return store.releases.inUseWith(addon.id).some((release) => this.names(release, addon, former));
  }

  /** Is it the former credentials that the release gives its dynos? */
  private names({ bindings, config }: ReleaseRecord, addon: AddonRecord, former: AddonData): boolean {
    const { store, catalogue } = this.parts;
    const before = { ...instanceOf(store, addon), data: former };
    const own = bindings.filter(({ addonId }) => addonId === addon.id);
    return own.some(({ attachment }) =>
      ENGINES.some((engine) => {
        try {
          const vars = catalogue.of(addon).configVars(before, attachment, engine);
          return Object.entries(vars).some(([key, value]) => config[key] === value);
        } catch {
          // Dynos of that engine had no way to it, so none has its address.
          return false;
        }
      }),
    );
  }

  private provisioned(id: string): AddonRecord {
    const addon = this.parts.store.addons.find(id);
    if (addon?.state === 'provisioned') return addon;
    throw new TfkError('conflict', `${addon?.name ?? 'The add-on'} is not ready. Nothing was changed.`, {
      hint: 'See: tfk addons',
    });
  }

  private rotationOf(addon: AddonRecord): CredentialRotation {
    const { rotation, humanName } = this.parts.catalogue.of(addon);
    if (rotation) return rotation;
    throw new TfkError(
      'invalid_params',
      `The credentials of ${humanName} cannot be rotated. Nothing was changed.`,
    );
  }
}
