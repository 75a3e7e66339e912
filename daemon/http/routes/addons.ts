import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  Addon,
  AddonConfig,
  AddonDetails,
  CreateAddon,
  ResolveAddon,
  UpdateAddon,
  type AddonDetails as AddonDetailsJson,
} from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonRecord } from '../../store/addons.js';
import { addonJson } from '../addon-json.js';
import { addonsOf, findAddonOf, ownAddonOf, resolveAddon } from '../addon-lookup.js';
import type { Context } from '../context.js';
import { findAddon, findApp } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import type { Services } from '../services.js';
import { findUser } from '../users.js';

interface OfApp {
  Params: { app: string };
}
interface OfAddon {
  Params: { app: string; addon: string };
}
interface Named {
  Params: { addon: string };
}

const ORDERS: Orders<AddonRecord> = { id: ({ id }) => id, name: ({ name }) => name };
/** Heroku's clients give a request up after a minute of silence; they ask on about what is `provisioning` by then. */
const PATIENCE_MS = 25_000;

export function addonRoutes(app: FastifyInstance, context: Context): void {
  listRoutes(app, context);
  readRoutes(app, context);
  createRoute(app, context);
  changeRoutes(app, context);
}

function listRoutes(app: FastifyInstance, { services, visible }: Context): void {
  const list = { schema: { response: { 200: Type.Array(Addon) } } };
  const toJson = (addon: AddonRecord) => addonJson(services, addon);
  const visibleAddons = (request: FastifyRequest) => {
    const isVisible = visible(request);
    return services.records.addons.all().filter(({ appId }) => isVisible(appId));
  };

  app.get('/addons', list, (request, reply) =>
    sendPage(request, reply, { items: visibleAddons(request), orders: ORDERS, toJson }),
  );
  app.get<{ Params: { user: string } }>('/users/:user/addons', list, (request, reply) => {
    findUser(services, request, request.params.user);
    return sendPage(request, reply, { items: visibleAddons(request), orders: ORDERS, toJson });
  });
  app.get<OfApp>('/apps/:app/addons', list, (request, reply) => {
    const items = addonsOf(services, findApp(services, request.params.app));
    return sendPage(request, reply, { items, orders: ORDERS, toJson });
  });
}

function readRoutes(app: FastifyInstance, { services }: Context): void {
  const one = { schema: { response: { 200: Addon } } };
  const toJson = (addon: AddonRecord) => addonJson(services, addon);

  app.get<Named>('/addons/:addon', one, ({ params }) => toJson(findAddon(services, params.addon)));
  app.get<OfAddon>('/apps/:app/addons/:addon', one, ({ params }) => toJson(findAddonOf(services, params)));
  app.get<Named>('/addons/:addon/config', { schema: { response: { 200: AddonConfig } } }, ({ params }) =>
    toJson(findAddon(services, params.addon)).config_vars.map((name) => ({ name, value: null })),
  );
  app.get<OfAddon>(
    '/tfk/apps/:app/addons/:addon',
    { schema: { response: { 200: AddonDetails } } },
    async ({ params }): Promise<AddonDetailsJson> => {
      const addon = findAddonOf(services, params);
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
    { config: { scope: 'read' }, schema: { body: ResolveAddon, response: { 200: Type.Array(Addon) } } },
    ({ body }) => [toJson(resolveAddon(services, body))],
  );
}

function createRoute(app: FastifyInstance, { services, actor }: Context): void {
  app.post<OfApp & { Body: CreateAddon; Querystring: { wait?: string } }>(
    '/apps/:app/addons',
    { schema: { body: CreateAddon, response: { 201: Addon } } },
    async (request, reply) => {
      const { params, body, query } = request;
      const record = findApp(services, params.app);
      const addon = await services.addons.create({
        app: record,
        plan: nameOf(body.plan),
        name: body.name ?? null,
        attachment: body.attachment?.name ?? null,
        options: Object.fromEntries(
          Object.entries(body.config ?? {}).map(([key, value]) => [key, String(value)]),
        ),
        confirm: body.confirm ?? null,
        waitMs: query.wait === '0' ? 0 : query.wait === '1' ? null : PATIENCE_MS,
        actor: actor(request),
      });
      void reply.status(201);
      return addonJson(services, addon);
    },
  );
}

function changeRoutes(app: FastifyInstance, { services, actor }: Context): void {
  app.patch<OfAddon & { Body: UpdateAddon }>(
    '/apps/:app/addons/:addon',
    { schema: { body: UpdateAddon, response: { 200: Addon } } },
    ({ params, body: { name, plan } }) => {
      const addon = ownAddonOf(services, params);
      const planned = plan === undefined ? addon : services.addons.changePlan(addon, nameOf(plan));
      return addonJson(services, name === undefined ? planned : services.addons.rename(planned, name));
    },
  );
  app.post<OfAddon>(
    '/tfk/apps/:app/addons/:addon/actions/rotate-credentials',
    { schema: { response: { 200: Addon } } },
    async (request) => {
      const addon = ownAddonOf(services, request.params);
      await services.addons.rotateCredentials(addon, actor(request));
      return addonJson(services, addon);
    },
  );
  app.delete<OfAddon & { Body: { force?: unknown } | null | undefined }>(
    '/apps/:app/addons/:addon',
    { schema: { response: { 200: Addon } } },
    async (request) => {
      const { params, body } = request;
      const addon = ownAddonOf(services, params);
      const last = addonJson(services, addon);
      if (body?.force !== true) assertUnshared(services, addon);
      await services.addons.destroy(addon, actor(request));
      return { ...last, state: 'deprovisioned' };
    },
  );
}

const nameOf = (plan: string | { name: string }): string => (typeof plan === 'string' ? plan : plan.name);

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
