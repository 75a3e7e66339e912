import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  Build,
  CreatePipeline,
  Pipeline,
  PipelineStack,
  Release,
  UpdatePipeline,
  type Pipeline as PipelineJson,
} from '../../../api/index.js';
import { TfkError } from '../../shared/errors.js';
import type { AppRecord } from '../../store/apps.js';
import type { BuildRecord } from '../../store/builds.js';
import type { PipelineRecord } from '../../store/pipelines.js';
import type { ReleaseRecord } from '../../store/releases.js';
import type { Context } from '../context.js';
import { findPipeline } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { GENERATION, STACK, timeOf } from '../platform.js';
import type { Services } from '../services.js';
import { buildJson } from './builds.js';
import { releaseJson } from './releases.js';

interface Params {
  Params: { pipeline: string };
}
interface Filter {
  /** Heroku's CLI looks a pipeline up by its name so. */
  Querystring: { 'eq[name]'?: string };
}

const ORDERS: Orders<PipelineRecord> = { name: ({ name }) => name, id: ({ id }) => id };

export function pipelineRoutes(app: FastifyInstance, context: Context): void {
  const { services, visible } = context;
  const toJson = (pipeline: PipelineRecord): PipelineJson => pipelineJson(services, pipeline);
  /** Those without an app of somebody else's. */
  const mayList = (request: FastifyRequest) => {
    const isVisible = visible(request);
    return ({ id }: PipelineRecord): boolean =>
      services.records.pipelineCouplings.ofPipeline(id).every(({ appId }) => isVisible(appId));
  };
  const one = { response: { 200: Pipeline } };

  app.get<Filter>('/pipelines', { schema: { response: { 200: Type.Array(Pipeline) } } }, (request, reply) => {
    const name = request.query['eq[name]'];
    const items = services.records.pipelines
      .list()
      .filter(mayList(request))
      .filter((pipeline) => name === undefined || pipeline.name === name);
    return sendPage(request, reply, { items, orders: ORDERS, toJson });
  });
  app.post<{ Body: CreatePipeline }>(
    '/pipelines',
    { schema: { body: CreatePipeline, response: { 201: Pipeline } } },
    ({ body }, reply) => {
      assertOwner(services, body.owner ?? null);
      void reply.status(201);
      return toJson(services.pipelines.create(body.name));
    },
  );
  app.get<Params>('/pipelines/:pipeline', { schema: one }, ({ params }) =>
    toJson(findPipeline(services, params.pipeline)),
  );
  app.patch<Params & { Body: UpdatePipeline }>(
    '/pipelines/:pipeline',
    { schema: { body: UpdatePipeline, ...one } },
    ({ params, body }) => {
      const pipeline = findPipeline(services, params.pipeline);
      return toJson(body.name === undefined ? pipeline : services.pipelines.rename(pipeline.id, body.name));
    },
  );
  app.delete<Params>('/pipelines/:pipeline', { schema: one }, ({ params }) => {
    const pipeline = findPipeline(services, params.pipeline);
    services.pipelines.destroy(pipeline.id);
    return toJson(pipeline);
  });
  latestRoutes(app, context);
}

/** The newest of each app in the pipeline. */
function latestRoutes(app: FastifyInstance, context: Context): void {
  const { services } = context;
  const { builds, releases } = services.records;
  const latest = <Item>(pipeline: string, of: (app: AppRecord) => Item | undefined) =>
    appsOf(services, findPipeline(services, pipeline)).flatMap((record) => {
      const item = of(record);
      return item === undefined ? [] : [{ record, item }];
    });
  const listOf = (find: (app: AppRecord) => ReleaseRecord | undefined, path: string): void => {
    app.get<Params>(path, { schema: { response: { 200: Type.Array(Release) } } }, (request, reply) =>
      sendPage(request, reply, {
        items: latest(request.params.pipeline, find),
        orders: { id: ({ item }) => item.id },
        toJson: ({ record, item }) => releaseJson(services, context.baseUrl(request), record, item),
      }),
    );
  };
  app.get<Params>(
    '/pipelines/:pipeline/latest-builds',
    { schema: { response: { 200: Type.Array(Build) } } },
    (request, reply) =>
      sendPage(request, reply, {
        items: latest(
          request.params.pipeline,
          (record): BuildRecord | undefined => builds.list(record.id)[0],
        ),
        orders: { id: ({ item }) => item.id },
        toJson: ({ item }) => buildJson(services, context.baseUrl(request), item),
      }),
  );
  listOf((record) => releases.list(record.id)[0], '/pipelines/:pipeline/latest-releases');
  listOf((record) => latestDeployment(releases.list(record.id)), '/pipelines/:pipeline/latest-deployments');
  app.get<Params>(
    '/pipelines/:pipeline/pipeline-stack',
    { schema: { response: { 200: PipelineStack } } },
    ({ params }) => {
      findPipeline(services, params.pipeline);
      return { stack: STACK };
    },
  );
}

/** The newest release that brought other code than the one before it. */
const latestDeployment = (newestFirst: readonly ReleaseRecord[]): ReleaseRecord | undefined =>
  newestFirst.find(({ slugId }, at) => slugId !== null && slugId !== newestFirst[at + 1]?.slugId);

function appsOf(services: Services, pipeline: PipelineRecord): AppRecord[] {
  return services.records.pipelineCouplings
    .ofPipeline(pipeline.id)
    .flatMap(({ appId }) => services.apps.find(appId) ?? []);
}

function assertOwner(services: Services, owner: NonNullable<CreatePipeline['owner']> | null): void {
  if (owner === null || owner.type === 'user') return;
  throw new TfkError(
    'invalid_params',
    'There are no teams here, so none can own a pipeline. Nothing was made.',
    {
      hint: `Leave out the owner, or name the user ${services.account.account().id}.`,
    },
  );
}

function pipelineJson(services: Services, pipeline: PipelineRecord): PipelineJson {
  return {
    created_at: timeOf(pipeline.createdAt),
    generation: GENERATION,
    id: pipeline.id,
    name: pipeline.name,
    owner: { id: services.account.account().id, type: 'user' },
    updated_at: timeOf(pipeline.updatedAt),
  };
}
