import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { App, CreateApp, UpdateApp, type App as AppJson, type NamedRef } from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { SlugRecord } from '../../store/slugs.js';
import type { Context } from '../context.js';
import { findApp, quote } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { CONTAINER, GENERATION, REGION, STACK, STACKS, timeOf, timeOrNull } from '../platform.js';
import type { Services } from '../services.js';
import { findUser, ownerOf } from '../users.js';

interface Params {
  Params: { app: string };
}

const ORDERS: Orders<AppRecord> = {
  name: ({ name }) => name,
  id: ({ id }) => id,
  updated_at: ({ updatedAt }) => timeOf(updatedAt),
};

export function appRoutes(app: FastifyInstance, context: Context): void {
  const { services, actor, visible } = context;
  const visibleApps = (request: FastifyRequest): AppRecord[] => {
    const isVisible = visible(request);
    return services.apps.list().filter(({ id }) => isVisible(id));
  };
  const toJson = (record: AppRecord): AppJson => appJson(services, record);
  const list = { schema: { response: { 200: Type.Array(App) } } };
  const one = { response: { 200: App } };

  app.get('/apps', list, (request, reply) =>
    sendPage(request, reply, { items: visibleApps(request), orders: ORDERS, toJson }),
  );
  app.get<{ Params: { user: string } }>('/users/:user/apps', list, (request, reply) => {
    findUser(services, request, request.params.user);
    return sendPage(request, reply, { items: visibleApps(request), orders: ORDERS, toJson });
  });
  app.post<{ Body: CreateApp }>(
    '/apps',
    { schema: { body: CreateApp, response: { 201: App } } },
    (request, reply) => {
      const { body } = request;
      assertPlatform(body);
      void reply.status(201);
      const made = services.apps.create({ name: body.name ?? null, actor: actor(request) });
      return toJson(withStack(services, made, body.stack));
    },
  );
  app.get<Params>('/apps/:app', { schema: one }, ({ params }) => toJson(findApp(services, params.app)));
  app.patch<Params & { Body: UpdateApp }>(
    '/apps/:app',
    { schema: { body: UpdateApp, ...one } },
    async ({ params, body }) => toJson(await update(services, findApp(services, params.app), body)),
  );
  app.delete<Params>('/apps/:app', { config: { only: 'owner' }, schema: one }, async (request) => {
    const { params } = request;
    const record = findApp(services, params.app);
    const last = toJson(record);
    await services.apps.destroy(record.id, actor(request));
    return last;
  });
}

async function update(
  services: Services,
  record: AppRecord,
  { build_stack, name, maintenance }: UpdateApp,
): Promise<AppRecord> {
  assertPlatform({ ...(build_stack === undefined ? {} : { stack: build_stack }) });
  const renamed = name === undefined ? record : await services.apps.rename(record.id, name);
  const built = withStack(services, renamed, build_stack);
  return maintenance === undefined ? built : services.apps.setMaintenance(record.id, maintenance);
}

function withStack(services: Services, app: AppRecord, asked: string | undefined): AppRecord {
  const stack = buildStackOf(asked);
  return stack === null ? app : services.apps.setBuildStack(app.id, stack);
}

/** Of a stack's name or id; null: none is asked for. */
export function buildStackOf(asked: string | undefined): AppRecord['buildStack'] {
  const stack = STACKS.find(({ id, name }) => [id, name].includes(asked ?? ''));
  if (!stack) return null;
  return stack.name === CONTAINER.name ? 'container' : 'heroku-24';
}

export function assertPlatform({ region, stack }: Pick<CreateApp, 'region' | 'stack'>): void {
  assertOneOf('region', region, [REGION]);
  assertOneOf('stack', stack, STACKS);
}

function assertOneOf(what: string, asked: string | undefined, ours: readonly NamedRef[]): void {
  if (asked === undefined || ours.some(({ id, name }) => [id, name].includes(asked))) return;
  const names = ours.map(({ name }) => name);
  throw new TfkError(
    'invalid_params',
    `There is no ${what} ${quote(asked)} here, only ${names.join(' and ')}. Nothing was changed.`,
    { suggestions: names },
  );
}

export function appJson(services: Services, app: AppRecord): AppJson {
  const { id, email } = ownerOf(services, app);
  const { slugId } = services.releases.current(app.id);
  const slug = slugId === null ? undefined : services.records.slugs.byId(slugId);
  return {
    acm: app.acm,
    archived_at: null,
    build_stack: stackNamed(app.buildStack) ?? stackOf(slug),
    buildpack_provided_description: slug?.planner ?? null,
    created_at: timeOf(app.createdAt),
    generation: GENERATION,
    git_url: `https://127.0.0.1:${services.tfk.info().api.port ?? 0}/${app.name}.git`,
    id: app.id,
    internal_routing: null,
    maintenance: app.maintenance,
    name: app.name,
    organization: null,
    owner: { email, id },
    region: REGION,
    released_at: timeOrNull(app.releasedAt),
    repo_size: null,
    slug_size: slug?.size ?? null,
    space: null,
    stack: slug === undefined ? (stackNamed(app.buildStack) ?? STACK) : stackOf(slug),
    team: null,
    updated_at: timeOf(app.updatedAt),
    web_url: services.apps.url(app),
  };
}

const stackNamed = (name: AppRecord['buildStack']): NamedRef | undefined =>
  STACKS.find((stack) => stack.name === name);

/** What the app runs now. */
const stackOf = (slug: SlugRecord | undefined): NamedRef =>
  slug?.planner === 'dockerfile' ? CONTAINER : STACK;
