import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { SniEndpoint, WriteSniEndpoint, type SniEndpoint as SniEndpointJson } from '../../../api/index.js';
import { endpointOf } from '../../certs/assignment.js';
import type { AppRecord } from '../../store/apps.js';
import type { SniEndpointRecord } from '../../store/sni-endpoints.js';
import type { Context } from '../context.js';
import { findApp, findSniEndpoint } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf, uuidOf } from '../platform.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}
interface OfEndpoint {
  Params: { app: string; endpoint: string };
}

const ORDERS: Orders<SniEndpointRecord> = { id: ({ id }) => id, name: ({ name }) => name };

export function sniEndpointRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { response: { 200: SniEndpoint } };
  const path = '/apps/:app/sni-endpoints/:endpoint';

  app.get<OfApp>(
    '/apps/:app/sni-endpoints',
    { schema: { response: { 200: Type.Array(SniEndpoint) } } },
    (request, reply) => {
      const record = findApp(services, request.params.app);
      return sendPage(request, reply, {
        items: services.records.sniEndpoints.list(record.id),
        orders: ORDERS,
        toJson: (endpoint) => endpointJson(services, record, endpoint),
      });
    },
  );
  app.get<OfEndpoint>(path, { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    return endpointJson(services, record, findSniEndpoint(services, record, params.endpoint));
  });
  app.post<OfApp & { Body: WriteSniEndpoint }>(
    '/apps/:app/sni-endpoints',
    { schema: { body: WriteSniEndpoint, response: { 201: SniEndpoint } } },
    async ({ params, body }, reply) => {
      const record = findApp(services, params.app);
      const endpoint = await services.certificates.add(record, inputOf(body));
      void reply.status(201);
      return endpointJson(services, record, endpoint);
    },
  );
  app.patch<OfEndpoint & { Body: WriteSniEndpoint }>(
    path,
    { schema: { body: WriteSniEndpoint, ...one } },
    async ({ params, body }) => {
      const record = findApp(services, params.app);
      const endpoint = findSniEndpoint(services, record, params.endpoint);
      return endpointJson(
        services,
        record,
        await services.certificates.update(record, endpoint, inputOf(body)),
      );
    },
  );
  app.delete<OfEndpoint>(path, { schema: one }, async ({ params }) => {
    const record = findApp(services, params.app);
    const endpoint = findSniEndpoint(services, record, params.endpoint);
    const last = endpointJson(services, record, endpoint);
    await services.certificates.remove(record, endpoint);
    return last;
  });
}

const inputOf = ({ certificate_chain, private_key }: WriteSniEndpoint) => ({
  certificateChain: certificate_chain,
  privateKey: private_key,
});

export function endpointJson(
  services: Services,
  app: AppRecord,
  endpoint: SniEndpointRecord,
): SniEndpointJson {
  const { facts } = endpoint;
  const domains = services.records.domains.list(app.id);
  return {
    app: { id: app.id, name: app.name },
    certificate_chain: endpoint.certificateChain,
    created_at: timeOf(endpoint.createdAt),
    display_name: null,
    domains: domains.filter((domain) => endpointOf(domain, [endpoint])).map(({ id }) => id),
    id: endpoint.id,
    name: endpoint.name,
    ssl_cert: {
      acm: endpoint.automatic,
      'ca_signed?': facts.caSigned,
      cert_domains: [...facts.domains],
      expires_at: timeOf(facts.expiresAt),
      id: uuidOf('certificate', facts.fingerprint),
      issuer: facts.issuer,
      'self_signed?': facts.selfSigned,
      starts_at: timeOf(facts.startsAt),
      subject: facts.subject,
    },
    updated_at: timeOf(endpoint.updatedAt),
  };
}
