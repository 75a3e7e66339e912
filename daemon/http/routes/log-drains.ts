import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  CreateLogDrain,
  LogDrain,
  LogDrainProgress,
  type LogDrain as LogDrainJson,
  type LogDrainProgress as LogDrainProgressJson,
} from '../../../api/index.js';
import { maskedUrl, placeOf } from '../../drains/address.js';
import type { DrainProgress } from '../../drains/drains.js';
import type { AppRecord } from '../../store/apps.js';
import type { LogDrainRecord } from '../../store/log-drains.js';
import { requesterOf } from '../access/requester.js';
import { isEnough } from '../access/scopes.js';
import type { Context } from '../context.js';
import { findAddon, findApp, findLogDrain } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf, timeOrNull } from '../platform.js';

interface OfApp {
  Params: { app: string };
}
interface OfDrain {
  Params: { app: string; drain: string };
}

const ORDERS: Orders<LogDrainRecord> = { id: ({ id }) => id };

export function logDrainRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { response: { 200: LogDrain } };
  const several = { response: { 200: Type.Array(LogDrain) } };
  app.get<OfApp>('/apps/:app/log-drains', { schema: several }, (request, reply) => {
    const record = findApp(services, request.params.app);
    return sendPage(request, reply, {
      items: services.logDrains.list(record.id),
      orders: ORDERS,
      toJson: (drain) => drainJson(request, record, drain),
    });
  });
  app.get<OfDrain>('/apps/:app/log-drains/:drain', { schema: one }, (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    return drainJson(request, record, findLogDrain(services, record, params.drain));
  });
  app.post<OfApp & { Body: CreateLogDrain }>(
    '/apps/:app/log-drains',
    { schema: { body: CreateLogDrain, response: { 201: LogDrain } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      const drain = services.logDrains.add(record.id, request.body.url);
      void reply.status(201);
      return drainJson(request, record, drain);
    },
  );
  app.delete<OfDrain>('/apps/:app/log-drains/:drain', { schema: one }, async (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    const drain = findLogDrain(services, record, params.drain);
    await services.logDrains.remove(drain);
    return drainJson(request, record, drain);
  });
  // No add-on of ours makes one.
  app.get<{ Params: { addon: string } }>('/addons/:addon/log-drains', { schema: several }, ({ params }) => {
    findAddon(services, params.addon);
    return [];
  });
  app.get<OfApp>(
    '/tfk/apps/:app/log-drains',
    { schema: { response: { 200: Type.Array(LogDrainProgress) } } },
    (request) =>
      services.logDrains
        .progress(findApp(services, request.params.app).id)
        .map((progress) => progressJson(request, progress)),
  );
}

const drainJson = (request: FastifyRequest, app: AppRecord, drain: LogDrainRecord): LogDrainJson => ({
  addon: null,
  app: { id: app.id, name: app.name },
  created_at: timeOf(drain.createdAt),
  id: drain.id,
  token: drain.token,
  updated_at: timeOf(drain.updatedAt),
  url: mayKnowSecrets(request) ? drain.url : placeOf(drain.url),
});

/** Who may set an address may know it; who only reads is told where it is, and none of the secrets in it. */
function mayKnowSecrets(request: FastifyRequest): boolean {
  const { token } = requesterOf(request);
  return token === null || isEnough(token.record.scope, 'write');
}

function progressJson(
  request: FastifyRequest,
  { drain, health, pending, delivered, dropped }: DrainProgress,
): LogDrainProgressJson {
  const { failure } = health;
  return {
    id: drain.id,
    token: drain.token,
    url: mayKnowSecrets(request) ? maskedUrl(drain.url) : placeOf(drain.url),
    pending,
    delivered,
    dropped,
    last_delivered_at: timeOrNull(health.lastDeliveredAt),
    failure: failure && {
      since: timeOf(failure.since),
      failures: failure.failures,
      reason: failure.reason,
      next_try_at: timeOf(failure.nextTryAt),
    },
  };
}
