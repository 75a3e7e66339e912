import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { WebhookDelivery, type WebhookDelivery as WebhookDeliveryJson } from '../../../api/index.js';
import type { DeliveryRecord } from '../../store/webhook-deliveries.js';
import type { Context } from '../context.js';
import { findApp, findDelivery } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf, timeOrNull } from '../platform.js';

interface OfApp {
  Params: { app: string };
}
interface OfDelivery {
  Params: { app: string; delivery: string };
}
/** Heroku's filters look like this. */
interface Filtered {
  Querystring: { 'eq[status]'?: string };
}

const ORDERS: Orders<DeliveryRecord> = {
  seq: ({ seq }) => seq,
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

export function webhookDeliveryRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { response: { 200: WebhookDelivery } };

  app.get<OfApp & Filtered>(
    '/apps/:app/webhook-deliveries',
    { schema: { response: { 200: Type.Array(WebhookDelivery) } } },
    (request, reply) => {
      const status = request.query['eq[status]'];
      const items = services.records.webhookDeliveries
        .list(findApp(services, request.params.app).id)
        .filter((delivery) => status === undefined || delivery.status === status);
      return sendPage(request, reply, { items, orders: ORDERS, toJson: deliveryJson });
    },
  );
  app.get<OfDelivery>('/apps/:app/webhook-deliveries/:delivery', { schema: one }, ({ params }) =>
    deliveryJson(findDelivery(services, findApp(services, params.app), params.delivery)),
  );
  app.post<OfDelivery>(
    '/apps/:app/webhook-deliveries/:delivery/actions/retry',
    { schema: one },
    ({ params }) => {
      const record = findApp(services, params.app);
      const delivery = findDelivery(services, record, params.delivery);
      services.webhooks.retry(delivery);
      return deliveryJson(findDelivery(services, record, delivery.id));
    },
  );
}

function deliveryJson(delivery: DeliveryRecord): WebhookDeliveryJson {
  const { lastAttempt } = delivery;
  return {
    created_at: timeOf(delivery.createdAt),
    event: { id: delivery.eventId, include: delivery.include },
    id: delivery.id,
    last_attempt: lastAttempt && {
      code: lastAttempt.code,
      created_at: timeOf(lastAttempt.createdAt),
      error_class: lastAttempt.error,
      id: lastAttempt.id,
      status: lastAttempt.status,
      updated_at: timeOf(lastAttempt.updatedAt),
    },
    next_attempt_at: timeOrNull(delivery.nextAttemptAt),
    num_attempts: delivery.numAttempts,
    status: delivery.status,
    updated_at: timeOf(delivery.updatedAt),
    webhook: { id: delivery.webhookId, level: delivery.level },
  };
}
