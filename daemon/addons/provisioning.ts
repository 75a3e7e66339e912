import type { EngineName } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import { inventName } from '../shared/names.js';
import type { AddonRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import type { Store } from '../store/store.js';
import type { AddonService, ProvisionedAddon } from './addon.js';
import type { Catalogue } from './catalogue.js';
import { engineOf, instanceOf } from './engines-of.js';
import { assertAddonName, assertNameIsFree, attachmentName } from './names.js';
import type { Rebinding } from './rebinding.js';

export interface CreateAddon {
  readonly app: AppRecord;
  /** `postgres`, or `postgres:local`. */
  readonly plan: string;
  readonly name: string | null;
  /** The attachment's name; null: the service's own, e.g. `DATABASE`. */
  readonly attachment: string | null;
  /** Settings of the add-on. No service has any yet, and what nobody reads is refused. */
  readonly options: Readonly<Record<string, string>>;
  /** The app's name, where another attachment or a config var of that name may go for it. */
  readonly confirm: string | null;
  /** Milliseconds after which it answers though the add-on is still being made, and goes on alone; null: it waits. */
  readonly waitMs: number | null;
  readonly actor: string;
  readonly progress?: (text: string) => void;
}

export interface ProvisioningParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalogue: Catalogue;
  readonly rebinding: Rebinding;
  /** Aborts when tfkd stops. */
  readonly stopped: AbortSignal;
}

/** An add-on that has a row, and is being made. */
interface Making {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly engine: EngineName;
  readonly service: AddonService;
}

/** Makes add-ons for apps, and removes them. */
export class Provisioning {
  constructor(private readonly parts: ProvisioningParts) {}

  async create(request: CreateAddon): Promise<string> {
    const making = this.insert(request);
    const work = this.provision(making, request);
    if (!(await this.endsWithin(work, request.waitMs)))
      void work.catch((error: unknown) =>
        this.parts.logger.error({ err: error, addon: making.name }, 'an add-on could not be provisioned'),
      );
    return making.id;
  }

  /** With its data, for ever. */
  async deprovision(addon: AddonRecord): Promise<void> {
    const { store, catalogue } = this.parts;
    await catalogue.of(addon).deprovision(instanceOf(store, addon));
    store.addons.delete(addon.id);
  }

  /** Rejects with what the work rejects with. */
  private async endsWithin(work: Promise<void>, waitMs: number | null): Promise<boolean> {
    const ended = work.then(() => true);
    if (waitMs === null) return ended;
    const patience = new AbortController();
    const over = this.parts.clock.sleep(waitMs, patience.signal).then(() => false);
    return Promise.race([ended, over]).finally(() => patience.abort());
  }

  private insert(request: CreateAddon): Making {
    const { store, clock, catalogue } = this.parts;
    const { app, attachment, confirm } = request;
    const { service, plan } = catalogue.planOf(request.plan);
    const id = newId();
    const name = request.name ?? `${service.name}-${inventName()}`;
    assertNoOptions(service, request.options);
    // What cannot be attached is not made.
    attachmentName(store, { app, service, name: attachment, confirm });
    assertAddonName(name);
    store.transaction(() => {
      assertNameIsFree(store, name, id);
      store.addons.insert({ id, appId: app.id, name, service: service.name, plan, createdAt: clock.now() });
    });
    return { id, name, plan, engine: engineOf(store, app.id), service };
  }

  private async provision(making: Making, request: CreateAddon): Promise<void> {
    const attachment = await this.makeAndKeep(making, request);
    await this.parts.rebinding.make({
      appId: request.app.id,
      description: `Attach ${attachment} (@ref:${making.name})`,
      actor: request.actor,
      done: `${making.name} is made and attached as ${attachment}`,
    });
  }

  /** Answers the attachment's name. */
  private async makeAndKeep(making: Making, request: CreateAddon): Promise<string> {
    try {
      return this.keep(making, request, await this.made(making, request));
    } catch (error) {
      await this.removeRemains(making);
      throw error instanceof TfkError
        ? error
        : new TfkError('unavailable', `${making.name} could not be made: ${messageOf(error)}`, {
            cause: error,
          });
    }
  }

  private made({ id, name, plan, engine, service }: Making, request: CreateAddon): Promise<ProvisionedAddon> {
    return service.provision({
      id,
      name,
      plan,
      engine,
      apps: engine === 'docker' ? [request.app.id] : [],
      progress: request.progress ?? (() => undefined),
      signal: this.parts.stopped,
    });
  }

  private keep(
    { id, name: addonName, engine, service }: Making,
    { app, attachment: wish, confirm }: CreateAddon,
    { data }: ProvisionedAddon,
  ): string {
    const { store, clock } = this.parts;
    return store.transaction(() => {
      if (store.apps.find(app.id)?.destroyedAt !== null) throw notFound('app', 'The app is gone.');
      if (store.addons.find(id)?.state !== 'provisioning')
        throw new TfkError(
          'gone',
          `${addonName} was destroyed while it was being made. Nothing is left of it.`,
        );
      // It was not there to be opened when the app moved, and no release could name it.
      if (engineOf(store, app.id) !== engine)
        throw new TfkError(
          'conflict',
          `${app.name} moved while ${addonName} was being made. Nothing is left of it.`,
          {
            hint: 'Create it again.',
          },
        );
      // Another add-on may have taken the name since this one was begun.
      const { name, replaces } = attachmentName(store, { app, service, name: wish, confirm });
      if (replaces) store.addons.detach(replaces.id);
      store.addons.markProvisioned(id, data, clock.now());
      store.addons.attach({ id: newId(), addonId: id, appId: app.id, name, createdAt: clock.now() });
      return name;
    });
  }

  /** Where the service cannot be asked now, its row stays, and it is removed at the next turn. */
  private async removeRemains({ id, name, plan, engine, service }: Making): Promise<void> {
    const { store, clock, logger } = this.parts;
    try {
      // Who destroyed it meanwhile knew nothing yet of what has been made since.
      await service.deprovision({ id, name, hostName: name, plan, data: {}, engine, apps: [] });
      store.addons.delete(id);
    } catch (error) {
      logger.error({ err: error, addon: name }, 'what is left of an add-on could not be removed yet');
      store.addons.markDeprovisioning(id, clock.now());
    }
  }
}

function assertNoOptions({ name }: AddonService, options: CreateAddon['options']): void {
  const unknown = Object.keys(options);
  if (unknown.length === 0) return;
  throw new TfkError('invalid_params', `${name} has no setting ${unknown.join(', ')}. Nothing was created.`, {
    hint: `Leave it out. What there is, tfk addons:plans ${name} shows.`,
  });
}
