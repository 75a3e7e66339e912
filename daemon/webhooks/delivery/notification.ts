import { createHmac } from 'node:crypto';
import type { WebhookEventRecord } from '../../store/webhook-events.js';
import type { WebhookSecrets } from '../../store/webhooks.js';

const VERSION = 'application/vnd.heroku+json; version=3';
/** Digits of a sequence: as text it sorts as it does as a number. */
const SEQUENCE_DIGITS = 12;

/** What happened, as it is delivered and as the API tells it. */
export function payloadOf(event: WebhookEventRecord) {
  const time = new Date(event.createdAt).toISOString();
  return {
    action: event.action,
    actor: event.actor,
    created_at: time,
    data: event.data,
    id: event.id,
    previous_data: event.previousData,
    published_at: time,
    resource: event.resource,
    sequence: String(event.seq).padStart(SEQUENCE_DIGITS, '0'),
    updated_at: time,
    version: VERSION,
  };
}

/** One attempt's request: its body, and the headers that let the receiver trust it. */
export function notification(
  event: WebhookEventRecord,
  ids: { readonly attempt: string; readonly delivery: string; readonly webhook: string },
  { secret, authorization }: WebhookSecrets,
): { readonly body: string; readonly headers: Record<string, string> } {
  const body = JSON.stringify({
    ...payloadOf(event),
    webhook_metadata: {
      attempt: { id: ids.attempt },
      delivery: { id: ids.delivery },
      event: { id: event.id, include: event.include },
      webhook: { id: ids.webhook },
    },
  });
  const signature = createHmac('sha256', secret).update(body).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'tfk-webhooks',
      'heroku-webhook-hmac-sha256': signature,
      ...(authorization === null ? {} : { authorization }),
    },
  };
}
