import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AddonService, Plan } from '../../../api/index.js';
import type { AddonPlan, AddonService as Service } from '../../addons/addon.js';
import { notFound } from '../../shared/errors.js';
import { planJson, serviceJson } from '../addon-json.js';
import type { Context } from '../context.js';
import { quote } from '../find.js';
import type { Services } from '../services.js';

interface OfService {
  Params: { service: string };
}

/** What add-ons can be made of. */
export function addonServiceRoutes(app: FastifyInstance, { services }: Context): void {
  const onePlan = { schema: { response: { 200: Plan } } };
  app.get('/addon-services', { schema: { response: { 200: Type.Array(AddonService) } } }, () =>
    services.addons.services().map(serviceJson),
  );
  app.get<OfService>(
    '/addon-services/:service',
    { schema: { response: { 200: AddonService } } },
    ({ params }) => serviceJson(findService(services, params.service)),
  );
  app.get<OfService>(
    '/addon-services/:service/plans',
    { schema: { response: { 200: Type.Array(Plan) } } },
    ({ params }) => {
      const service = findService(services, params.service);
      return service.plans.map((plan) => planJson(service, plan));
    },
  );
  app.get<OfService & { Params: { plan: string } }>(
    '/addon-services/:service/plans/:plan',
    onePlan,
    ({ params }) => {
      const service = findService(services, params.service);
      return planJson(service, findPlan(service, params.plan));
    },
  );
  app.get<{ Params: { plan: string } }>('/plans/:plan', onePlan, ({ params }) => {
    const [name = ''] = params.plan.split(':');
    const service = services.addons.services().find((known) => isPlanOf(known, params.plan));
    const found = service ?? findService(services, name);
    return planJson(found, findPlan(found, params.plan));
  });
}

function findService(services: Services, asked: string): Service {
  const known = services.addons.services();
  const service = known.find((each) => [each.name, each.herokuName, serviceJson(each).id].includes(asked));
  if (service) return service;
  throw notFound(
    'addon_service',
    `There is no add-on service ${quote(asked)}.`,
    `There are: ${known.map(({ name }) => name).join(', ')}.`,
  );
}

const isPlanOf = (service: Service, asked: string): boolean =>
  service.plans.some((plan) => planJson(service, plan).id === asked);

/** By id, whole name or the part behind the colon. */
function findPlan(service: Service, asked: string): AddonPlan {
  const plan = service.plans.find((each) => {
    const { id, name, human_name } = planJson(service, each);
    return [id, name, human_name, each.name].includes(asked);
  });
  if (plan) return plan;
  throw notFound(
    'plan',
    `${service.name} has no plan ${quote(asked)}.`,
    `List them: tfk addons:plans ${service.name}`,
  );
}
