import type { Clock } from '../shared/clock.js';
import { messageOf, notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import { inventName } from '../shared/names.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import type { Binding } from '../store/releases.js';
import type { Store } from '../store/store.js';
import type { AddonInstance, AddonService } from './addon.js';

export interface AddonDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly services: readonly AddonService[];
  /** Heroku's names of services that tfk calls otherwise: `heroku-postgresql` → `postgres`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Makes the release that has the add-ons as they are attached now. */
  readonly rebind: (appId: string, description: string, actor: string) => Promise<unknown>;
}

export interface CreateAddon {
  readonly app: AppRecord;
  /** `postgres`, or `postgres:local`. */
  readonly plan: string;
  readonly name: string | null;
  /** The attachment's name; null: the service's own, e.g. `DATABASE`. */
  readonly attachment: string | null;
  readonly options: Readonly<Record<string, string>>;
  /** False: answers as soon as the row is there, and goes on alone. */
  readonly wait: boolean;
  readonly actor: string;
  readonly progress?: (text: string) => void;
}

const ENSURE_EVERY_MS = 30_000;
const ATTACHMENT_NAME = /^[A-Z][A-Z0-9_]{0,62}$/;
const ADDON_NAME = /^[a-z][a-z0-9-]{2,62}$/;

/** Backing services: made, attached to apps as config vars, kept running, destroyed. */
export class Addons {
  private readonly stopped = new AbortController();

  constructor(private readonly deps: AddonDependencies) {}

  services(): readonly AddonService[] {
    return this.deps.services;
  }

  /** The service that a plan (`heroku-postgresql:mini`) means, as tfk calls it. */
  serviceName(plan: string): string {
    return this.planOf(plan).service.name;
  }

  /** What the app's attachments give it, for its next release. */
  attached(appId: string): { bindings: Binding[]; vars: Record<string, string> } {
    const bindings: Binding[] = [];
    const vars: Record<string, string> = {};
    for (const attachment of this.deps.store.addons.attachmentsOf(appId)) {
      const addon = this.deps.store.addons.find(attachment.addonId);
      if (addon?.state !== 'provisioned') continue;
      const given = this.serviceOf(addon).configVars(instanceOf(addon), attachment.name);
      Object.assign(vars, given);
      bindings.push({
        addonId: addon.id,
        addonName: addon.name,
        plan: addon.plan,
        attachment: attachment.name,
        keys: Object.keys(given),
      });
    }
    return { bindings, vars };
  }

  async create(request: CreateAddon): Promise<AddonRecord> {
    const { store, clock } = this.deps;
    const { service, plan } = this.planOf(request.plan);
    const id = newId();
    const name = request.name ?? `${service.name}-${inventName()}`;
    const attachment = this.freeAttachmentName(request.app.id, service, request.attachment);
    if (!ADDON_NAME.test(name)) throw invalidName('add-on', name);
    store.transaction(() => {
      if (store.addons.find(name))
        throw new TfkError('invalid_params', `The add-on name ${name} is taken. Nothing was created.`);
      store.addons.insert({
        id,
        appId: request.app.id,
        name,
        service: service.name,
        plan,
        createdAt: clock.now(),
      });
    });
    const work = this.provision(id, service, { ...request, name, attachment, plan });
    if (request.wait) await work;
    else
      void work.catch((error: unknown) =>
        this.deps.logger.error({ err: error, addon: name }, 'an add-on could not be provisioned'),
      );
    return this.record(id);
  }

  async attach(input: {
    addon: AddonRecord;
    app: AppRecord;
    name: string | null;
    actor: string;
  }): Promise<AttachmentRecord> {
    const { addon, app, actor } = input;
    if (addon.state !== 'provisioned')
      throw new TfkError('conflict', `${addon.name} is still being made. Nothing was attached.`, {
        hint: 'Try again in a moment.',
      });
    const name = this.freeAttachmentName(app.id, this.serviceOf(addon), input.name);
    const attachment = {
      id: newId(),
      addonId: addon.id,
      appId: app.id,
      name,
      createdAt: this.deps.clock.now(),
    };
    this.deps.store.addons.attach(attachment);
    await this.deps.rebind(app.id, `Attach ${name} (@ref:${addon.name})`, actor);
    return { ...attachment, updatedAt: attachment.createdAt };
  }

  async detach(attachment: AttachmentRecord, actor: string): Promise<void> {
    const addon = this.record(attachment.addonId);
    this.deps.store.addons.detach(attachment.id);
    await this.deps.rebind(attachment.appId, `Detach ${attachment.name} (@ref:${addon.name})`, actor);
  }

  /** With its data, for ever. Apps lose their attachments first, each with a release of its own. */
  async destroy(addon: AddonRecord, actor: string): Promise<void> {
    const { store, clock } = this.deps;
    const attachments = store.addons.attachments().filter((attachment) => attachment.addonId === addon.id);
    store.transaction(() => {
      store.addons.markDeprovisioning(addon.id, clock.now());
      for (const attachment of attachments) store.addons.detach(attachment.id);
    });
    for (const attachment of attachments) {
      if (store.apps.find(attachment.appId)?.destroyedAt !== null) continue;
      await this.deps.rebind(attachment.appId, `Detach ${attachment.name} (@ref:${addon.name})`, actor);
    }
    await this.deprovision(addon);
  }

  /** Config vars by name which the attachment gives its app. */
  configKeys(attachment: AttachmentRecord): string[] {
    const addon = this.record(attachment.addonId);
    return addon.data === null
      ? []
      : Object.keys(this.serviceOf(addon).configVars(instanceOf(addon), attachment.name));
  }

  facts(addon: AddonRecord): Promise<readonly (readonly [label: string, text: string])[]> {
    return addon.data === null ? Promise.resolve([]) : this.serviceOf(addon).describe(instanceOf(addon));
  }

  /** After a start: what was cut off is finished or undone, what should run is started, and looked after from then on. */
  async recover(): Promise<void> {
    for (const addon of this.deps.store.addons.all()) {
      if (addon.state === 'provisioned') continue;
      await this.deprovision(addon).catch((error: unknown) => {
        this.deps.logger.error(
          { err: error, addon: addon.name },
          'an unfinished add-on could not be removed',
        );
      });
    }
    await this.ensureAll();
    void this.keepRunning();
  }

  /** Stops looking after them; the servers go on. */
  stop(): void {
    this.stopped.abort();
  }

  /** Stops the servers, and keeps their data. */
  async stopServers(): Promise<void> {
    this.stop();
    const running = this.deps.store.addons.all().filter((addon) => addon.state === 'provisioned');
    await Promise.all(running.map((addon) => this.serviceOf(addon).stop(instanceOf(addon))));
  }

  private async keepRunning(): Promise<void> {
    const { signal } = this.stopped;
    for (;;) {
      await this.deps.clock.sleep(ENSURE_EVERY_MS, signal);
      if (signal.aborted) return;
      await this.ensureAll();
    }
  }

  private async ensureAll(): Promise<void> {
    const addons = this.deps.store.addons.all().filter((addon) => addon.state === 'provisioned');
    await Promise.all(
      addons.map((addon) =>
        this.serviceOf(addon)
          .ensureRunning(instanceOf(addon))
          .catch((error: unknown) =>
            this.deps.logger.error({ err: error, addon: addon.name }, 'an add-on does not run'),
          ),
      ),
    );
  }

  private async provision(
    id: string,
    service: AddonService,
    request: CreateAddon & { name: string; attachment: string; plan: string },
  ): Promise<void> {
    const { store, clock, rebind } = this.deps;
    try {
      const { data } = await service.provision({
        id,
        name: request.name,
        plan: request.plan,
        options: request.options,
        progress: request.progress ?? (() => undefined),
        signal: this.stopped.signal,
      });
      store.transaction(() => {
        if (store.apps.find(request.app.id)?.destroyedAt !== null) throw notFound('app', 'The app is gone.');
        store.addons.markProvisioned(id, data, clock.now());
        store.addons.attach({
          id: newId(),
          addonId: id,
          appId: request.app.id,
          name: request.attachment,
          createdAt: clock.now(),
        });
      });
    } catch (error) {
      await this.deprovision(this.record(id));
      throw error instanceof TfkError
        ? error
        : new TfkError('unavailable', `${request.name} could not be made: ${messageOf(error)}`, {
            cause: error,
          });
    }
    await rebind(request.app.id, `Attach ${request.attachment} (@ref:${request.name})`, request.actor);
  }

  private async deprovision(addon: AddonRecord): Promise<void> {
    await this.serviceOf(addon).deprovision({ ...addon, data: addon.data ?? {} });
    this.deps.store.addons.delete(addon.id);
  }

  private planOf(wish: string): { service: AddonService; plan: string } {
    const [asked = '', planName] = wish.split(':');
    const name = this.deps.aliases[asked] ?? asked;
    const service = this.deps.services.find((candidate) => candidate.name === name);
    if (!service) {
      throw notFound(
        'add_on_service',
        `There is no add-on service ${JSON.stringify(asked)}.`,
        `The services are ${this.deps.services.map((known) => known.name).join(', ')}.`,
      );
    }
    // Heroku's plans (essential-0, mini…) mean sizes which a machine of one's own does not sell.
    const plan =
      service.plans.find((candidate) => candidate.name === `${service.name}:${planName ?? ''}`) ??
      service.plans.find((candidate) => candidate.isDefault);
    if (!plan) throw notFound('plan', `There is no plan ${JSON.stringify(wish)}.`);
    return { service, plan: plan.name };
  }

  private freeAttachmentName(appId: string, service: AddonService, wish: string | null): string {
    const taken = new Set(this.deps.store.addons.attachmentsOf(appId).map((attachment) => attachment.name));
    if (wish !== null) {
      const name = wish.toUpperCase().replaceAll('-', '_');
      if (!ATTACHMENT_NAME.test(name)) throw invalidName('attachment', wish);
      if (taken.has(name))
        throw new TfkError(
          'invalid_params',
          `The app has an attachment ${name} already. Nothing was changed.`,
          { hint: 'Choose another name with --as.' },
        );
      return name;
    }
    const candidates = [
      service.defaultAttachment,
      ...Array.from({ length: 98 }, (_, index) => `${service.defaultAttachment}_${index + 2}`),
    ];
    return candidates.find((name) => !taken.has(name)) ?? `${service.defaultAttachment}_${taken.size + 1}`;
  }

  private serviceOf(addon: AddonRecord): AddonService {
    const service = this.deps.services.find((candidate) => candidate.name === addon.service);
    if (!service) throw notFound('add_on_service', `This tfk does not know the service ${addon.service}.`);
    return service;
  }

  private record(id: string): AddonRecord {
    const addon = this.deps.store.addons.find(id);
    if (!addon) throw notFound('add_on', 'There is no such add-on.');
    return addon;
  }
}

const instanceOf = (addon: AddonRecord): AddonInstance => ({
  id: addon.id,
  name: addon.name,
  plan: addon.plan,
  data: addon.data ?? {},
});

const invalidName = (what: string, name: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of an ${what}. Nothing was created.`,
    {
      hint: 'Letters, digits and dashes, beginning with a letter.',
    },
  );
