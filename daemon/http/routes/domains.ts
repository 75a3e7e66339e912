import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CreateDomain, Domain, type Domain as DomainJson } from '../../../api/index.js';
import type { AppRecord } from '../../store/apps.js';
import type { DomainRecord } from '../../store/domains.js';
import type { Context } from '../context.js';
import { findApp, findDomain } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf, uuidOf } from '../platform.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}
interface OfDomain {
  Params: { app: string; domain: string };
}

const ORDERS: Orders<DomainJson> = { id: ({ id }) => id, hostname: ({ hostname }) => hostname };

export function domainRoutes(app: FastifyInstance, { services, actor }: Context): void {
  const one = { response: { 200: Domain } };
  app.get<OfApp>(
    '/apps/:app/domains',
    { schema: { response: { 200: Type.Array(Domain) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      return sendPage(request, reply, {
        items: domainsOf(services, record),
        orders: ORDERS,
        toJson: (domain) => domain,
      });
    },
  );
  app.get<OfDomain>('/apps/:app/domains/:domain', { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    const own = ownDomain(services, record);
    if (params.domain === own.hostname || params.domain === own.id) return own;
    return domainJson(record, findDomain(services, record, params.domain));
  });
  app.post<OfApp & { Body: CreateDomain }>(
    '/apps/:app/domains',
    { schema: { body: CreateDomain, response: { 201: Domain } } },
    async (request, reply) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const domain = await services.domains.add(record, body.hostname, actor(request));
      void reply.status(201);
      return domainJson(record, domain);
    },
  );
  app.delete<OfDomain>('/apps/:app/domains/:domain', { schema: one }, async (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    const domain = findDomain(services, record, params.domain);
    await services.domains.remove(record, domain, actor(request));
    return domainJson(record, domain);
  });
}

const domainsOf = (services: Services, app: AppRecord): DomainJson[] => [
  ownDomain(services, app),
  ...services.records.domains.list(app.id).map((domain) => domainJson(app, domain)),
];

/** `<app>.localhost`, which every app has. */
function ownDomain(services: Services, app: AppRecord): DomainJson {
  const { hostname } = new URL(services.apps.url(app));
  return {
    ...domainJson(app, {
      id: uuidOf('domain', app.id),
      hostname,
      createdAt: app.createdAt,
      updatedAt: app.createdAt,
    }),
    kind: 'heroku',
  };
}

export function domainJson(
  app: AppRecord,
  domain: Pick<DomainRecord, 'id' | 'hostname' | 'createdAt' | 'updatedAt'>,
): DomainJson {
  return {
    acm_status: null,
    acm_status_reason: null,
    app: { id: app.id, name: app.name },
    cname: null,
    created_at: timeOf(domain.createdAt),
    hostname: domain.hostname,
    id: domain.id,
    kind: 'custom',
    sni_endpoint: null,
    // Nothing is pending: the router answers under the name at once.
    status: 'none',
    updated_at: timeOf(domain.updatedAt),
  };
}
