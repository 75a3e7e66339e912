import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { WebhookEvent, type WebhookEvent as WebhookEventJson } from '../../../api/index.js';
import type { WebhookEventRecord } from '../../store/webhook-events.js';
import { payloadOf } from '../../webhooks/delivery/notification.js';
import type { Context } from '../context.js';
import { findApp, findWebhookEvent } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';

interface OfApp {
  Params: { app: string };
}
interface OfEvent {
  Params: { app: string; event: string };
}

const ORDERS: Orders<WebhookEventRecord> = {
  seq: ({ seq }) => seq,
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

export function webhookEventRoutes(app: FastifyInstance, { services }: Context): void {
  app.get<OfApp>(
    '/apps/:app/webhook-events',
    { schema: { response: { 200: Type.Array(WebhookEvent) } } },
    (request, reply) => {
      const items = services.records.webhookEvents.list(findApp(services, request.params.app).id);
      return sendPage(request, reply, { items, orders: ORDERS, toJson: eventJson });
    },
  );
  app.get<OfEvent>(
    '/apps/:app/webhook-events/:event',
    { schema: { response: { 200: WebhookEvent } } },
    ({ params }) => eventJson(findWebhookEvent(services, findApp(services, params.app), params.event)),
  );
}

function eventJson(event: WebhookEventRecord): WebhookEventJson {
  const { action, actor, data, previous_data, published_at, resource, version } = payloadOf(event);
  return {
    created_at: timeOf(event.createdAt),
    id: event.id,
    include: event.include,
    payload: { action, actor, data, previous_data, published_at, resource, version },
    updated_at: timeOf(event.createdAt),
  };
}
