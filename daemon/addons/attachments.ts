import type { EngineName } from '../engines/engine.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { SerialQueue } from '../shared/serial-queue.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { AppRecord } from '../store/apps.js';
import type { Binding } from '../store/releases.js';
import type { Store } from '../store/store.js';
import type { Catalogue } from './catalogue.js';
import { enginesOf, instanceOf } from './engines-of.js';
import type { Expected } from './expected.js';
import { attachmentName } from './names.js';
import { detaching, type Rebinding } from './rebinding.js';

export interface AttachmentParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly rebinding: Rebinding;
  readonly expected: Expected;
  /** Who changes an add-on's data takes a turn of its id. */
  readonly turns: SerialQueue;
}

export interface AttachAddon {
  readonly addon: AddonRecord;
  readonly app: AppRecord;
  /** Null: the service's own, e.g. `DATABASE`. */
  readonly name: string | null;
  /** The app's name, where another attachment or a config var of that name may go for it. */
  readonly confirm: string | null;
  readonly actor: string;
}

/** Which apps have which add-ons, under which names; each change is a release of the app. */
export class Attachments {
  constructor(private readonly parts: AttachmentParts) {}

  /** What the app's attachments give dynos of that engine. */
  attached(appId: string, engine: EngineName): { bindings: Binding[]; vars: Record<string, string> } {
    const { store, catalogue } = this.parts;
    const bindings: Binding[] = [];
    const vars: Record<string, string> = {};
    for (const { addon, attachment } of this.provisionedOf(appId)) {
      const given = catalogue.of(addon).configVars(instanceOf(store, addon), attachment.name, engine);
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

  /** Lets the app's dynos on that engine reach its add-ons. Rejects where they cannot. */
  async open(appId: string, engine: EngineName): Promise<void> {
    for (const { addon } of this.provisionedOf(appId)) {
      if (engine === 'docker') this.parts.expected.add(addon.id, appId);
      await this.openOne(addon, appId, engine);
    }
  }

  /** Rejects with `conflict` where it is attached, and the release has to wait. */
  async attach({ addon, app, name: wish, confirm, actor }: AttachAddon): Promise<AttachmentRecord> {
    const { store, clock, catalogue, rebinding } = this.parts;
    this.assertThere(addon);
    const service = catalogue.of(addon);
    // What may not be attached is not let in.
    attachmentName(store, { app, service, name: wish, confirm });
    for (const engine of enginesOf(store, app.id)) await this.openOne(addon, app.id, engine);
    this.assertThere(addon);
    const attachment = store.transaction(() => {
      const { name, replaces } = attachmentName(store, { app, service, name: wish, confirm });
      const made = { id: newId(), addonId: addon.id, appId: app.id, name, createdAt: clock.now() };
      if (replaces) store.addons.detach(replaces.id);
      store.addons.attach(made);
      return made;
    });
    const { name } = attachment;
    await rebinding.make({
      appId: app.id,
      description: `Attach ${name} (@ref:${addon.name})`,
      actor,
      done: `${addon.name} is attached as ${name}`,
    });
    return { ...attachment, updatedAt: attachment.createdAt };
  }

  /** The add-on leaves the app's network later, when dynos of the release before have ended: they still use it. */
  async detach(attachment: AttachmentRecord, addon: AddonRecord, actor: string): Promise<void> {
    const { store, rebinding, expected } = this.parts;
    store.addons.detach(attachment.id);
    expected.forget(addon.id, attachment.appId);
    await rebinding.make(detaching(attachment, addon, actor));
  }

  private async openOne({ id }: AddonRecord, appId: string, engine: EngineName): Promise<void> {
    const { store, clock, catalogue, expected, turns } = this.parts;
    await turns.run(id, async () => {
      const addon = store.addons.find(id);
      if (!addon) return;
      const soon = engine === 'docker' ? [appId] : [];
      const instance = instanceOf(store, addon, [...expected.of(id), ...soon]);
      const data = await catalogue.of(addon).open(instance, engine);
      if (JSON.stringify(data) !== JSON.stringify(addon.data)) store.addons.setData(id, data, clock.now());
    });
  }

  private assertThere({ id, name }: AddonRecord): void {
    const state = this.parts.store.addons.find(id)?.state;
    if (state === 'provisioned') return;
    if (state !== 'provisioning')
      throw new TfkError('gone', `${name} is being destroyed. Nothing was attached.`);
    throw new TfkError('conflict', `${name} is still being made. Nothing was attached.`, {
      hint: 'Try again in a moment.',
    });
  }

  private provisionedOf(appId: string): { addon: AddonRecord; attachment: AttachmentRecord }[] {
    const { addons } = this.parts.store;
    return addons.attachmentsOf(appId).flatMap((attachment) => {
      const addon = addons.find(attachment.addonId);
      return addon?.state === 'provisioned' ? [{ addon, attachment }] : [];
    });
  }
}
