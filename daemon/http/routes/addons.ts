import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  Addon,
  AddonDetails,
  AddonService,
  CreateAddon,
  Plan,
  ResolveAddon,
  type AddonDetails as AddonDetailsJson,
} from '../../../api/index.js';
import { notFound, TfkError } from '../../shared/errors.js';
import type { AddonRecord } from '../../store/addons.js';
import type { AppRecord } from '../../store/apps.js';
import { addonJson, planJson, serviceJson } from '../addon-json.js';
import type { Context } from '../context.js';
import { findAddon, findApp, quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import type { Services } from '../services.js';

interface OfApp {
  Params: { app: string };
}
interface OfAddon {
  Params: { app: string; addon: string };
}

const ORDERS: Orders<AddonRecord> = { id: ({ id }) => id, name: ({ name }) => name };

export function addonRoutes(app: FastifyInstance, context: Context): void {
  readRoutes(app, context);
  changeRoutes(app, context);
  catalogueRoutes(app, context);
}

function readRoutes(app: FastifyInstance, { services }: Context): void {
  const list = { schema: { response: { 200: Type.Array(Addon) } } };
  const one = { schema: { response: { 200: Addon } } };
  const toJson = (addon: AddonRecord) => addonJson(services, addon);

  app.get('/addons', list, (request, reply) =>
    sendPage(request, reply, { items: services.records.addons.all(), orders: ORDERS, toJson }),
  );
  app.get<OfApp>('/apps/:app/addons', list, (request, reply) => {
    const items = addonsOf(services, findApp(services, request.params.app));
    return sendPage(request, reply, { items, orders: ORDERS, toJson });
  });
  app.get<{ Params: { addon: string } }>('/addons/:addon', one, ({ params }) =>
    toJson(findAddon(services, params.addon)),
  );
  app.get<OfAddon>('/apps/:app/addons/:addon', one, ({ params }) => toJson(findOf(services, params)));
  app.get<OfAddon>(
    '/tfk/apps/:app/addons/:addon',
    { schema: { response: { 200: AddonDetails } } },
    async ({ params }): Promise<AddonDetailsJson> => {
      const addon = findOf(services, params);
      const facts = await services.addons.facts(addon);
      return {
        ...toJson(addon),
        facts: facts.map(([label, text]) => [label, text]),
        local_address: services.addons.localAddress(addon),
      };
    },
  );
  app.post<{ Body: ResolveAddon }>(
    '/actions/addons/resolve',
    { schema: { body: ResolveAddon, response: { 200: Type.Array(Addon) } } },
    ({ body }) => resolve(services, body).map(toJson),
  );
}

function changeRoutes(app: FastifyInstance, { services, actor }: Context): void {
  app.post<OfApp & { Body: CreateAddon; Querystring: { wait?: string } }>(
    '/apps/:app/addons',
    { schema: { body: CreateAddon, response: { 201: Addon } } },
    async (request, reply) => {
      const { params, body, query } = request;
      const record = findApp(services, params.app);
      const addon = await services.addons.create({
        app: record,
        plan: typeof body.plan === 'string' ? body.plan : body.plan.name,
        name: body.name ?? null,
        attachment: body.attachment?.name ?? null,
        options: Object.fromEntries(
          Object.entries(body.config ?? {}).map(([key, value]) => [key, String(value)]),
        ),
        wait: query.wait !== '0',
        actor: actor(request),
      });
      void reply.status(201);
      return addonJson(services, addon);
    },
  );
  app.delete<OfAddon & { Body: { force?: unknown } | null | undefined }>(
    '/apps/:app/addons/:addon',
    { schema: { response: { 200: Addon } } },
    async (request) => {
      const { params, body } = request;
      const addon = findOf(services, params);
      const last = addonJson(services, addon);
      if (findApp(services, params.app).id !== addon.appId) throw notOwner(services, addon);
      if (body?.force !== true) assertUnshared(services, addon);
      await services.addons.destroy(addon, actor(request));
      return { ...last, state: 'deprovisioned' };
    },
  );
}

function catalogueRoutes(app: FastifyInstance, { services }: Context): void {
  const find = (name: string) => {
    const service = services.addons
      .services()
      .find((known) => [known.name, serviceJson(known).id].includes(name));
    if (service) return service;
    const known = services.addons.services().map((each) => each.name);
    throw notFound(
      'addon_service',
      `There is no add-on service ${quote(name)}.`,
      `There are: ${known.join(', ')}.`,
    );
  };
  app.get('/addon-services', { schema: { response: { 200: Type.Array(AddonService) } } }, () =>
    services.addons.services().map(serviceJson),
  );
  app.get<{ Params: { service: string } }>(
    '/addon-services/:service',
    { schema: { response: { 200: AddonService } } },
    ({ params }) => serviceJson(find(params.service)),
  );
  app.get<{ Params: { service: string } }>(
    '/addon-services/:service/plans',
    { schema: { response: { 200: Type.Array(Plan) } } },
    ({ params }) => {
      const service = find(params.service);
      return service.plans.map((plan) => planJson(service, plan));
    },
  );
}

/** Those that the app owns, and those of others that are attached to it. */
function addonsOf(services: Services, app: AppRecord): AddonRecord[] {
  const attached = new Set(services.records.addons.attachmentsOf(app.id).map(({ addonId }) => addonId));
  return services.records.addons.all().filter(({ id, appId }) => appId === app.id || attached.has(id));
}

function findOf(services: Services, params: OfAddon['Params']): AddonRecord {
  const app = findApp(services, params.app);
  const [addon] = resolve(services, { addon: params.addon, app: app.id });
  return addon ?? findAddon(services, params.addon);
}

/** By id or name; within an app also by the name of its attachment (`DATABASE`, `DATABASE_URL`) or its service. */
function resolve(services: Services, { addon: reference, app: appName }: ResolveAddon): AddonRecord[] {
  if (appName == null) return [findAddon(services, reference)];
  const app = findApp(services, appName);
  const own = addonsOf(services, app);
  const exact = own.filter(({ id, name }) => id === reference || name === reference);
  if (exact.length > 0) return exact;
  const names = [reference.toUpperCase(), reference.toUpperCase().replace(/_URL$/, '')];
  const attached = services.records.addons.attachmentsOf(app.id).filter(({ name }) => names.includes(name));
  const meant = own.filter(({ id, service, plan }) =>
    attached.length > 0
      ? attached.some(({ addonId }) => addonId === id)
      : service === reference || plan === reference,
  );
  if (meant.length === 1) return meant;
  if (meant.length > 1) throw ambiguous(reference, meant);
  throw notFoundOn(services, app, reference);
}

function notFoundOn(services: Services, app: AppRecord, reference: string): TfkError {
  const known = addonsOf(services, app).map(({ name }) => name);
  const hint =
    known.length === 0 ? `It has none: tfk addons:create -a ${app.name}` : `It has ${known.join(', ')}.`;
  return notFound('add_on', `${app.name} has no add-on ${quote(reference)}.`, hint);
}

const ambiguous = (reference: string, addons: readonly AddonRecord[]): TfkError =>
  new TfkError('invalid_params', `${quote(reference)} fits more than one add-on.`, {
    hint: `Name one of ${addons.map(({ name }) => name).join(', ')}.`,
    resource: 'add_on',
    suggestions: addons.map(({ name }) => name),
  });

/** Its data is its owner's to lose, and not that of others who rely on it. */
function assertUnshared({ records, apps }: Services, { id, appId, name }: AddonRecord): void {
  const others = records.addons
    .attachments()
    .filter((attachment) => attachment.addonId === id && attachment.appId !== appId)
    .map((attachment) => apps.find(attachment.appId)?.name ?? attachment.appId);
  if (others.length === 0) return;
  throw new TfkError(
    'conflict',
    `${name} is attached to ${[...new Set(others)].join(', ')} too. Nothing was changed.`,
    { hint: 'Detach it there (tfk addons:detach), or take it from them all with --force.' },
  );
}

function notOwner(services: Services, addon: AddonRecord): TfkError {
  const owner = services.apps.find(addon.appId)?.name ?? 'another app';
  return new TfkError('forbidden', `${addon.name} belongs to ${owner}. Nothing was changed.`, {
    hint: `Detach it here (tfk addons:detach), or destroy it there: tfk addons:destroy ${addon.name} -a ${owner}`,
  });
}
