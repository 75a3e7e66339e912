import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CreateDomain, Domain, UpdateDomain, type Domain as DomainJson } from '../../../api/index.js';
import { endpointOf } from '../../certs/assignment.js';
import type { AppRecord } from '../../store/apps.js';
import type { DomainRecord } from '../../store/domains.js';
import type { SniEndpointRecord } from '../../store/sni-endpoints.js';
import type { Context } from '../context.js';
import { findApp, findDomain, findSniEndpoint } from '../find.js';
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
    return domainJson(services, record, findDomain(services, record, params.domain));
  });
  app.post<OfApp & { Body: CreateDomain }>(
    '/apps/:app/domains',
    { schema: { body: CreateDomain, response: { 201: Domain } } },
    async (request, reply) => {
      const { params, body } = request;
      const record = findApp(services, params.app);
      const { hostname, sni_endpoint } = body;
      const sniEndpoint = endpointNamed(services, record, sni_endpoint ?? null);
      const domain = await services.domains.add({
        app: record,
        hostname,
        sniEndpoint,
        actor: actor(request),
      });
      void reply.status(201);
      return domainJson(services, record, domain);
    },
  );
  app.patch<OfDomain & { Body: UpdateDomain }>(
    '/apps/:app/domains/:domain',
    { schema: { body: UpdateDomain, ...one } },
    async ({ params, body }) => {
      const record = findApp(services, params.app);
      const domain = findDomain(services, record, params.domain);
      await services.certificates.assign(domain, endpointNamed(services, record, body.sni_endpoint));
      return domainJson(services, record, findDomain(services, record, domain.id));
    },
  );
  app.delete<OfDomain>('/apps/:app/domains/:domain', { schema: one }, async (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    const domain = findDomain(services, record, params.domain);
    const last = domainJson(services, record, domain);
    await services.domains.remove(record, domain, actor(request));
    return last;
  });
}

const endpointNamed = (services: Services, app: AppRecord, nameOrId: string | null) =>
  nameOrId === null ? null : findSniEndpoint(services, app, nameOrId);

const domainsOf = (services: Services, app: AppRecord): DomainJson[] => [
  ownDomain(services, app),
  ...ownedBy(services, app),
];

function ownedBy(services: Services, app: AppRecord): DomainJson[] {
  const endpoints = services.records.sniEndpoints.list(app.id);
  return services.records.domains.list(app.id).map((domain) => domainJson(services, app, domain, endpoints));
}

const ownHostname = (services: Services, app: AppRecord): string => new URL(services.apps.url(app)).hostname;

/** `<app>.localhost`, which every app has, and which this machine's own authority signs for. */
function ownDomain(services: Services, app: AppRecord): DomainJson {
  return {
    ...common(app, { id: uuidOf('domain', app.id), createdAt: app.createdAt, updatedAt: app.createdAt }),
    acm_status: null,
    acm_status_reason: null,
    cname: null,
    hostname: ownHostname(services, app),
    kind: 'heroku',
    sni_endpoint: null,
  };
}

export function domainJson(
  services: Services,
  app: AppRecord,
  domain: DomainRecord,
  endpoints: readonly SniEndpointRecord[] = services.records.sniEndpoints.list(app.id),
): DomainJson {
  const endpoint = endpointOf(domain, endpoints);
  return {
    ...common(app, domain),
    ...acmOf(services, app, domain, endpoint),
    // Heroku's clients wait for a domain that has none. The name leads here as long as the client is on this machine.
    cname: ownHostname(services, app),
    hostname: domain.hostname,
    kind: 'custom',
    sni_endpoint: endpoint && { id: endpoint.id, name: endpoint.name },
  };
}

const common = (app: AppRecord, domain: Pick<DomainRecord, 'id' | 'createdAt' | 'updatedAt'>) => ({
  app: { id: app.id, name: app.name },
  created_at: timeOf(domain.createdAt),
  id: domain.id,
  // Nothing is pending: the router answers under the name at once.
  status: 'none',
  updated_at: timeOf(domain.updatedAt),
});

const FOREIGN =
  "This machine's own authority signs for names below .test only; hand in a certificate: tfk certs:add CRT KEY";

/** Heroku's CLI waits for `cert issued`, and shows the reason beside it. */
function acmOf(
  services: Services,
  app: AppRecord,
  { hostname }: DomainRecord,
  endpoint: SniEndpointRecord | null,
): Pick<DomainJson, 'acm_status' | 'acm_status_reason'> {
  if (!app.acm) return { acm_status: null, acm_status_reason: null };
  if (!endpoint && !services.certificates.canBeAutomatic(hostname))
    return { acm_status: 'failed', acm_status_reason: FOREIGN };
  if (!endpoint) return { acm_status: 'pending', acm_status_reason: null };
  const reason = endpoint.automatic ? "Signed by this machine's own authority (tfk certs:trust)" : null;
  return { acm_status: 'cert issued', acm_status_reason: reason };
}
