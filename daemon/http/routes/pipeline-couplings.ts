import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  CreatePipelineCoupling,
  PipelineCoupling,
  UpdatePipelineCoupling,
  type PipelineCoupling as CouplingJson,
} from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import type { CouplingRecord } from '../../store/pipeline-couplings.js';
import type { Context } from '../context.js';
import { findApp, findCoupling, findPipeline } from '../find.js';
import { sendPage, type Orders } from '../paging.js';
import { timeOf } from '../platform.js';
import { findUser } from '../users.js';

interface Params {
  Params: { coupling: string };
}

const ORDERS: Orders<CouplingRecord> = {
  created_at: ({ createdAt }) => timeOf(createdAt),
  id: ({ id }) => id,
};

export function pipelineCouplingRoutes(app: FastifyInstance, context: Context): void {
  const { services } = context;
  const one = { response: { 200: PipelineCoupling } };
  couplingLists(app, context);
  app.get<{ Params: { app: string } }>('/apps/:app/pipeline-couplings', { schema: one }, ({ params }) => {
    const record = findApp(services, params.app);
    const coupling = services.records.pipelineCouplings.ofApp(record.id);
    if (coupling) return toJson(coupling);
    throw notFound(
      'pipeline_coupling',
      `${record.name} is in no pipeline.`,
      `Put it into one: tfk pipelines:add PIPELINE -s staging -a ${record.name}`,
    );
  });
  app.post<{ Body: CreatePipelineCoupling }>(
    '/pipeline-couplings',
    { schema: { body: CreatePipelineCoupling, response: { 201: PipelineCoupling } } },
    ({ body }, reply) => {
      const record = findApp(services, body.app);
      const coupling = services.pipelines.couple(findPipeline(services, body.pipeline), record, body.stage);
      void reply.status(201);
      return toJson(coupling);
    },
  );
  app.get<Params>('/pipeline-couplings/:coupling', { schema: one }, ({ params }) =>
    toJson(findCoupling(services, params.coupling)),
  );
  app.patch<Params & { Body: UpdatePipelineCoupling }>(
    '/pipeline-couplings/:coupling',
    { schema: { body: UpdatePipelineCoupling, ...one } },
    ({ params, body }) => {
      const coupling = findCoupling(services, params.coupling);
      return toJson(
        body.stage === undefined ? coupling : services.pipelines.setStage(coupling.id, body.stage),
      );
    },
  );
  app.delete<Params>('/pipeline-couplings/:coupling', { schema: one }, ({ params }) => {
    const coupling = findCoupling(services, params.coupling);
    services.pipelines.uncouple(coupling.id);
    return toJson(coupling);
  });
}

function couplingLists(app: FastifyInstance, { services, visible }: Context): void {
  const list = { schema: { response: { 200: Type.Array(PipelineCoupling) } } };
  const couplings = services.records.pipelineCouplings;
  const visibleOnes = (request: FastifyRequest): CouplingRecord[] => {
    const isVisible = visible(request);
    return couplings.list().filter(({ appId }) => isVisible(appId));
  };
  app.get('/pipeline-couplings', list, (request, reply) =>
    sendPage(request, reply, { items: visibleOnes(request), orders: ORDERS, toJson }),
  );
  app.get<{ Params: { user: string } }>('/users/:user/pipeline-couplings', list, (request, reply) => {
    findUser(services, request, request.params.user);
    return sendPage(request, reply, { items: visibleOnes(request), orders: ORDERS, toJson });
  });
  app.get<{ Params: { pipeline: string } }>(
    '/pipelines/:pipeline/pipeline-couplings',
    list,
    (request, reply) => {
      const { id } = findPipeline(services, request.params.pipeline);
      return sendPage(request, reply, { items: couplings.ofPipeline(id), orders: ORDERS, toJson });
    },
  );
}

function toJson(coupling: CouplingRecord): CouplingJson {
  return {
    app: { id: coupling.appId },
    created_at: timeOf(coupling.createdAt),
    id: coupling.id,
    pipeline: { id: coupling.pipelineId, name: coupling.pipelineName },
    stage: coupling.stage,
    updated_at: timeOf(coupling.updatedAt),
  };
}
