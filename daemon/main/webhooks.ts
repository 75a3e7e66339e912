import { uuidOf } from '../http/platform.js';
import { resourceView } from '../http/resource-view.js';
import type { Services } from '../http/services.js';
import type { Acting } from '../shared/acting.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import type { Store } from '../store/store.js';
import { HttpSender } from '../webhooks/delivery/sender.js';
import { DeliveryWorker } from '../webhooks/delivery/worker.js';
import { WebhookEvents } from '../webhooks/events.js';
import { Webhooks } from '../webhooks/webhooks.js';

/** How long the last news of an app, that it is gone, may hold up its going. */
const FAREWELL_MS = 10_000;

export interface WebhookStage {
  readonly webhooks: Webhooks;
  /** Begins to make events of changes, and to deliver them. `baseUrl`: where the API answers. */
  readonly start: (services: Services, baseUrl: () => string) => void;
  /** Before the app's rows go: lets its webhooks hear of it. */
  readonly farewell: (appId: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Webhooks, wired: the store tells of changes, the API's own serialisers show them, the worker delivers. */
export function createWebhooks(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly acting: Acting;
}): WebhookStage {
  const { store, clock, logger, acting } = parts;
  const worker = new DeliveryWorker({
    store,
    clock,
    logger,
    sender: new HttpSender(),
    random: () => Math.random(),
  });
  const wake = (): void => worker.wake();
  const start: WebhookStage['start'] = (services, baseUrl) => {
    const actor = (maker: string | null) => {
      const account = services.account.account();
      const email = acting.user() ?? maker ?? account.email;
      return email === account.email ? { id: account.id, email } : { id: uuidOf('user', email), email };
    };
    const view = (ref: Parameters<WebhookEvents['view']>[0]) => resourceView(services, baseUrl(), ref);
    store.observe(new WebhookEvents({ store, clock, logger, view, actor, wake }));
    worker.start();
  };
  return {
    webhooks: new Webhooks({ store, clock, wake, abandon: (webhookId) => worker.abandon(webhookId) }),
    start,
    farewell: (appId) => worker.tried(appId, FAREWELL_MS),
    stop: () => worker.stop(),
  };
}
