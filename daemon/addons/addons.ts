import type { EngineName } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { SerialQueue } from '../shared/serial-queue.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { Binding } from '../store/releases.js';
import type { Store } from '../store/store.js';
import type { AddonBackups, AddonInstance, AddonService, NetworkAddress } from './addon.js';
import { Attachments, type AttachAddon } from './attachments.js';
import { nameOf } from './backups/names.js';
import { Catalogue } from './catalogue.js';
import { instanceOf } from './engines-of.js';
import { Expected } from './expected.js';
import { assertAddonName, assertNameIsFree } from './names.js';
import { Provisioning, type CreateAddon } from './provisioning.js';
import { detaching, Rebinding } from './rebinding.js';
import { Rotations } from './rotations.js';
import { Upkeep } from './upkeep.js';

export interface AddonDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly services: readonly AddonService[];
  /** Heroku's names of services that tfk calls otherwise: `heroku-postgresql` → `postgres`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The service of an add-on that is none of those any more; null: unknown. */
  readonly remembered?: (addon: AddonRecord) => AddonService | null;
  /** Makes the release that has the add-ons as they are attached now. */
  readonly rebind: (appId: string, description: string, actor: string) => Promise<unknown>;
  /** In whose name it goes on with what was cut off. */
  readonly actor: () => string;
}

export interface BackupSource {
  readonly addon: AddonInstance;
  readonly backups: AddonBackups;
}

/** Backing services: made, attached to apps as config vars, kept running, destroyed. */
export class Addons {
  private readonly stopped = new AbortController();
  /** Who changes an add-on's data takes a turn of its id. */
  private readonly turns = new SerialQueue();
  private readonly catalogue: Catalogue;
  private readonly rebinding: Rebinding;
  private readonly attachments: Attachments;
  private readonly provisioning: Provisioning;
  private readonly rotations: Rotations;
  private readonly upkeep: Upkeep;

  constructor(private readonly deps: AddonDependencies) {
    this.catalogue = new Catalogue(deps.services, deps.aliases, deps.remembered);
    const stopped = this.stopped.signal;
    this.rebinding = new Rebinding({ ...deps, stopped });
    const expected = new Expected(deps.clock);
    const { catalogue, rebinding } = this;
    const parts = { ...deps, catalogue, rebinding, expected, stopped, turns: this.turns };
    this.attachments = new Attachments(parts);
    this.rotations = new Rotations(parts);
    const provisioning = new Provisioning(parts);
    this.provisioning = provisioning;
    this.upkeep = new Upkeep({ ...parts, deprovision: (addon) => provisioning.deprovision(addon) });
  }

  services(): readonly AddonService[] {
    return this.catalogue.services;
  }

  /** The service that a plan (`heroku-postgresql:mini`) means, as tfk calls it. */
  serviceName(plan: string): string {
    return this.catalogue.planOf(plan).service.name;
  }

  /** What the app's attachments give dynos of that engine, for its next release. */
  attached(appId: string, engine: string): { bindings: Binding[]; vars: Record<string, string> } {
    return this.attachments.attached(appId, engine as EngineName);
  }

  /**
   * Lets the app's dynos on that engine reach its add-ons; to be called before its first release there. Rejects with a
   * TfkError `unavailable` where one cannot be reached from that engine; then nothing was changed.
   */
  async open(appId: string, engine: string): Promise<void> {
    await this.attachments.open(appId, engine as EngineName);
  }

  async create(request: CreateAddon): Promise<AddonRecord> {
    return this.record(await this.provisioning.create(request));
  }

  /** Containers go on finding it under the name that it was made with. */
  rename(addon: AddonRecord, name: string): AddonRecord {
    const { store, clock } = this.deps;
    assertAddonName(name);
    store.transaction(() => {
      assertNameIsFree(store, name, addon.id);
      store.addons.rename(addon.id, name, clock.now());
    });
    return this.record(addon.id);
  }

  /** The server stays the same one; what the plan gives it, it has when it is next seen to. */
  changePlan(addon: AddonRecord, wish: string): AddonRecord {
    const { service, plan } = this.catalogue.planOf(wish);
    if (service.name !== addon.service)
      throw new TfkError(
        'invalid_params',
        `${addon.name} is of the service ${addon.service}, and ${plan} is not. Nothing was changed.`,
        { hint: 'An add-on stays with its service; make another one with tfk addons:create.' },
      );
    this.deps.store.addons.setPlan(addon.id, plan, this.deps.clock.now());
    return this.record(addon.id);
  }

  async attach(request: AttachAddon): Promise<AttachmentRecord> {
    return this.attachments.attach(request);
  }

  async detach(attachment: AttachmentRecord, actor: string): Promise<void> {
    await this.attachments.detach(attachment, this.record(attachment.addonId), actor);
  }

  /** Resolves when the apps have releases with the new credentials; the former end with the last dyno that has them. */
  async rotateCredentials(addon: AddonRecord, actor: string): Promise<void> {
    await this.rotations.start(addon, actor);
  }

  /** What backs the add-on up, ready to do so. Rejects where its data cannot be backed up. */
  async backupSource(id: string): Promise<BackupSource> {
    const { store, clock } = this.deps;
    return this.turns.run(id, async () => {
      const addon = this.record(id);
      const { backups, humanName } = this.catalogue.of(addon);
      if (addon.state !== 'provisioned')
        throw new TfkError('conflict', `${addon.name} is not ready. Nothing was done.`);
      if (!backups)
        throw new TfkError('invalid_params', `${humanName} is not backed up by tfk. Nothing was done.`);
      const data = await backups.prepare(instanceOf(store, addon));
      if (JSON.stringify(data) !== JSON.stringify(addon.data)) store.addons.setData(id, data, clock.now());
      return { backups, addon: instanceOf(store, this.record(id)) };
    });
  }

  /** With its data, for ever. Apps lose their attachments first, each with a release of its own; none of them can stop it. */
  async destroy(addon: AddonRecord, actor: string): Promise<void> {
    const { store, clock, logger } = this.deps;
    const attachments = store.addons.attachments().filter((attachment) => attachment.addonId === addon.id);
    store.transaction(() => {
      store.addons.markDeprovisioning(addon.id, clock.now());
      for (const attachment of attachments) store.addons.detach(attachment.id);
    });
    const living = attachments.filter(({ appId }) => store.apps.find(appId)?.destroyedAt === null);
    const detached = living.map((attachment) =>
      this.rebinding.make(detaching(attachment, addon, actor)).catch((error: unknown) => {
        logger.warn({ err: error, addon: addon.name }, 'an app loses an add-on before a release says so');
      }),
    );
    await Promise.all(detached);
    await this.provisioning.deprovision(addon);
  }

  /** Config vars by name which the attachment gives its app. */
  configKeys(attachment: AttachmentRecord): string[] {
    const addon = this.record(attachment.addonId);
    return addon.data === null ? [] : [...this.catalogue.of(addon).configKeys(attachment.name)];
  }

  /** Where programs on this machine reach the add-on; null while it is being made. */
  localAddress(addon: AddonRecord): NetworkAddress | null {
    if (addon.data === null) return null;
    return this.catalogue.of(addon).localAddress(instanceOf(this.deps.store, addon));
  }

  async facts(addon: AddonRecord): Promise<readonly (readonly [label: string, text: string])[]> {
    if (addon.data === null) return [];
    const own = await this.catalogue.of(addon).describe(instanceOf(this.deps.store, addon));
    const credentials = this.rotations.status(addon);
    return [
      ...own,
      ...(this.catalogue.of(addon).backups ? [['Last Backup', this.lastBackup(addon)] as const] : []),
      ...(credentials === null ? [] : [['Credentials', credentials] as const]),
    ];
  }

  /** After a start: what was cut off is finished or undone, what should run is started, and looked after from then on. */
  async recover(): Promise<void> {
    this.rotations.recover(this.deps.actor());
    await this.upkeep.recover();
  }

  /** Stops looking after them; the servers go on. */
  stop(): void {
    this.stopped.abort();
  }

  /** Stops the servers, and keeps their data. */
  async stopServers(): Promise<void> {
    this.stop();
    await this.upkeep.stopServers();
  }

  private lastBackup({ id }: AddonRecord): string {
    const last = this.deps.store.backups.ofAddon(id).find(({ finishedAt }) => finishedAt !== null);
    if (!last) return 'None';
    const at = new Date(last.finishedAt ?? 0).toISOString().slice(0, 16).replace('T', ' ');
    return `${nameOf(last)}, ${last.state}, ${at} UTC`;
  }

  private record(id: string): AddonRecord {
    const addon = this.deps.store.addons.find(id);
    if (!addon) throw notFound('add_on', 'There is no such add-on.');
    return addon;
  }
}
