import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import { newId, newSecret } from '../shared/ids.js';
import type { Store } from '../store/store.js';
import type { DeliveryRecord } from '../store/webhook-deliveries.js';
import type { WebhookLevel, WebhookRecord, WebhookSecrets } from '../store/webhooks.js';
import { checkedAuthorization, checkedInclude, checkedSecret, checkedUrl } from './subscription.js';

const MOST = 50;

export interface WebhookInput {
  readonly url: string;
  readonly include: readonly string[];
  readonly level: WebhookLevel;
  /** Null: a new random one. */
  readonly secret: string | null;
  readonly authorization: string | null;
}

/** Undefined: stays as it is. */
export type WebhookUpdate = {
  readonly [Key in keyof WebhookInput]: WebhookInput[Key] | undefined;
};

/** `secret` is told when it was set, and never again. */
export interface SetWebhook {
  readonly webhook: WebhookRecord;
  readonly secret: string | null;
}

interface WebhookParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Something is to be delivered. */
  readonly wake: () => void;
  /** Nothing more is delivered to it. */
  readonly abandon: (webhookId: string) => void;
}

/** Who is told of an app's changes. */
export class Webhooks {
  constructor(private readonly parts: WebhookParts) {}

  create(appId: string, input: WebhookInput): SetWebhook {
    const { store, clock } = this.parts;
    if (store.webhooks.list(appId).length >= MOST)
      throw new TfkError('invalid_params', `An app has at most ${MOST} webhooks. Nothing was changed.`, {
        hint: 'Remove one that nobody listens to any more: tfk webhooks:remove ID',
      });
    const now = clock.now();
    return this.put({ id: newId(), appId, createdAt: now, updatedAt: now }, input);
  }

  update(webhook: WebhookRecord, update: WebhookUpdate): SetWebhook {
    const { store, clock } = this.parts;
    const secrets = store.webhooks.secrets(webhook.id);
    const { id, appId, createdAt } = webhook;
    const input = {
      url: update.url ?? webhook.url,
      include: update.include ?? webhook.include,
      level: update.level ?? webhook.level,
      secret: update.secret === undefined ? (secrets?.secret ?? null) : update.secret,
      authorization:
        update.authorization === undefined ? (secrets?.authorization ?? null) : update.authorization,
    };
    const set = this.put({ id, appId, createdAt, updatedAt: clock.now() }, input);
    return update.secret === undefined ? { ...set, secret: null } : set;
  }

  /** With all that was still to be delivered to it. */
  remove(webhook: WebhookRecord): void {
    this.parts.store.webhooks.delete(webhook.id);
    this.parts.abandon(webhook.id);
  }

  /** Delivers once more, now. */
  retry({ id }: DeliveryRecord): void {
    if (!this.parts.store.webhookDeliveries.redo(id, this.parts.clock.now()))
      throw new TfkError('conflict', 'The delivery is being attempted now. Nothing was changed.', {
        hint: `See what comes of it: tfk webhooks:deliveries:info ${id}`,
      });
    this.parts.wake();
  }

  private put(
    fixed: Pick<WebhookRecord, 'id' | 'appId' | 'createdAt' | 'updatedAt'>,
    input: WebhookInput,
  ): SetWebhook {
    const webhook: WebhookRecord = {
      ...fixed,
      url: checkedUrl(input.url),
      include: checkedInclude(input.include),
      level: input.level,
    };
    const secrets: WebhookSecrets = {
      secret: input.secret === null ? newSecret() : checkedSecret(input.secret),
      authorization: input.authorization === null ? null : checkedAuthorization(input.authorization),
    };
    this.parts.store.webhooks.put(webhook, secrets);
    return { webhook, secret: secrets.secret };
  }
}
