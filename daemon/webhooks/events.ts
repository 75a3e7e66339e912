import type { Clock } from '../shared/clock.js';
import { newId } from '../shared/ids.js';
import type { Logger } from '../shared/logger.js';
import type { Observer, ResourceRef } from '../store/changes.js';
import type { Store } from '../store/store.js';
import type { WebhookEventRecord } from '../store/webhook-events.js';
import { differenceOf } from './difference.js';

/** A resource as clients of the API see it, and who is known to have made it. */
export interface Seen {
  readonly json: Readonly<Record<string, unknown>>;
  /** E-mail address. */
  readonly user: string | null;
}

/** It could not be looked at; then nothing can be said of its change. */
type Unseen = 'unseen';

export interface EventParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly view: (ref: ResourceRef) => Seen | null;
  /** Who acts now; where nobody does, the user who made the resource. */
  readonly actor: (user: string | null) => WebhookEventRecord['actor'];
  /** Something is to be delivered. */
  readonly wake: () => void;
}

/**
 * Makes an event of each change for which an app has a webhook, and a delivery for each such webhook: in the transaction of the change
 * itself, so that neither is ever without the other. An app without webhooks costs one look.
 */
export class WebhookEvents implements Observer<Seen | Unseen> {
  constructor(private readonly parts: EventParts) {}

  watches(appId: string): boolean {
    return this.parts.store.webhooks.any(appId);
  }

  /** What cannot be shown must not undo the change itself. */
  view(ref: ResourceRef): Seen | Unseen | null {
    try {
      return this.parts.view(ref);
    } catch (error) {
      this.parts.logger.error({ err: error, ...ref }, 'a change could not be told to webhooks');
      return 'unseen';
    }
  }

  changed(ref: ResourceRef, before: Seen | Unseen | null, after: Seen | Unseen | null): void {
    if (before === 'unseen' || after === 'unseen') return;
    const difference = differenceOf(before?.json ?? null, after?.json ?? null);
    if (!difference) return;
    const include = `api:${ref.kind}`;
    const { store, clock, actor, wake } = this.parts;
    const webhooks = store.webhooks.list(ref.appId).filter((webhook) => webhook.include.includes(include));
    if (webhooks.length === 0) return;
    const id = newId();
    const now = clock.now();
    store.webhookEvents.insert({
      id,
      appId: ref.appId,
      include,
      resource: ref.kind,
      ...difference,
      actor: actor((after ?? before)?.user ?? null),
      createdAt: now,
    });
    for (const webhook of webhooks)
      store.webhookDeliveries.insert({ id: newId(), eventId: id, webhookId: webhook.id, now });
    wake();
  }
}
