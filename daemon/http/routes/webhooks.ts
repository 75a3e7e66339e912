import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { CreateWebhook, UpdateWebhook, Webhook, type Webhook as WebhookJson } from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { WebhookRecord } from '../../store/webhooks.js';
import type { Context } from '../context.js';
import { findApp, findWebhook } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';

interface OfApp {
  Params: { app: string };
}
interface OfWebhook {
  Params: { app: string; webhook: string };
}

const ORDERS: Orders<WebhookRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

export function webhookRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { response: { 200: Webhook } };

  app.get<OfApp>(
    '/apps/:app/webhooks',
    { schema: { response: { 200: Type.Array(Webhook) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      const items = services.records.webhooks.list(record.id);
      return sendPage(request, reply, {
        items,
        orders: ORDERS,
        toJson: (webhook) => webhookJson(record, webhook),
      });
    },
  );
  app.get<OfWebhook>('/apps/:app/webhooks/:webhook', { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    return webhookJson(record, findWebhook(services, record, params.webhook));
  });
  app.post<OfApp & { Body: CreateWebhook }>(
    '/apps/:app/webhooks',
    { schema: { body: CreateWebhook, response: { 201: Webhook } } },
    ({ params, body }, reply) => {
      const record = findApp(services, params.app);
      const { webhook, secret } = services.webhooks.create(record.id, {
        ...body,
        secret: body.secret ?? null,
        authorization: body.authorization ?? null,
      });
      tellSecret(reply.status(201), secret);
      return webhookJson(record, webhook);
    },
  );
  app.patch<OfWebhook & { Body: UpdateWebhook }>(
    '/apps/:app/webhooks/:webhook',
    { schema: { body: UpdateWebhook, ...one } },
    ({ params, body }, reply) => {
      const record = findApp(services, params.app);
      const known = findWebhook(services, record, params.webhook);
      const { url, include, level, secret, authorization } = body;
      const updated = services.webhooks.update(known, { url, include, level, secret, authorization });
      tellSecret(reply, updated.secret);
      return webhookJson(record, updated.webhook);
    },
  );
  app.delete<OfWebhook>('/apps/:app/webhooks/:webhook', { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    const webhook = findWebhook(services, record, params.webhook);
    services.webhooks.remove(webhook);
    return webhookJson(record, webhook);
  });
}

/** Once, to whoever set it. */
function tellSecret(reply: FastifyReply, secret: string | null): void {
  if (secret !== null) void reply.header('heroku-webhook-secret', secret);
}

function webhookJson(app: AppRecord, webhook: WebhookRecord): WebhookJson {
  return {
    app: { id: app.id, name: app.name },
    created_at: timeOf(webhook.createdAt),
    id: webhook.id,
    include: [...webhook.include],
    level: webhook.level,
    updated_at: timeOf(webhook.updatedAt),
    url: webhook.url,
  };
}
