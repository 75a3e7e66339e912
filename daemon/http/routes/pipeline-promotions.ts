import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CreatePipelinePromotion,
  PipelinePromotion,
  PromotionTarget,
  type PipelinePromotion as PromotionJson,
  type PromotionTarget as TargetJson,
} from '../../../api/index.js';
import type { PromotionRecord, PromotionTargetRecord } from '../../store/pipeline-promotions.js';
import type { Context } from '../context.js';
import { findApp, findPipeline, findPromotion, findRelease } from '../find.js';
import { sendPage } from '../paging.js';
import { timeOf } from '../platform.js';
import type { Services } from '../services.js';

interface Params {
  Params: { promotion: string };
}

export function pipelinePromotionRoutes(app: FastifyInstance, { services, actor }: Context): void {
  app.post<{ Body: CreatePipelinePromotion }>(
    '/pipeline-promotions',
    { schema: { body: CreatePipelinePromotion, response: { 201: PipelinePromotion } } },
    async (request, reply) => {
      const { pipeline, source, targets } = request.body;
      const app = findApp(services, source.app.id);
      const promotion = await services.pipelines.promote({
        pipeline: findPipeline(services, pipeline.id),
        source: app,
        release: source.release == null ? null : findRelease(services, app, source.release.id),
        targets: targets.map((target) => findApp(services, target.app.id)),
        actor: actor(request),
      });
      void reply.status(201);
      return promotionJson(services, promotion);
    },
  );
  app.get<Params>(
    '/pipeline-promotions/:promotion',
    { schema: { response: { 200: PipelinePromotion } } },
    ({ params }) => promotionJson(services, findPromotion(services, params.promotion)),
  );
  app.get<Params>(
    '/pipeline-promotions/:promotion/promotion-targets',
    { schema: { response: { 200: Type.Array(PromotionTarget) } } },
    (request, reply) => {
      const { id } = findPromotion(services, request.params.promotion);
      const items = services.records.pipelinePromotions.targets(id);
      return sendPage(request, reply, { items, orders: { id: (target) => target.id }, toJson: targetJson });
    },
  );
}

/** It ends with its last target. */
function promotionJson(services: Services, promotion: PromotionRecord): PromotionJson {
  const targets = services.records.pipelinePromotions.targets(promotion.id);
  const updatedAt = Math.max(promotion.createdAt, ...targets.map((target) => target.updatedAt));
  return {
    created_at: timeOf(promotion.createdAt),
    id: promotion.id,
    pipeline: { id: promotion.pipelineId },
    source: { app: { id: promotion.sourceAppId }, release: { id: promotion.sourceReleaseId } },
    status: targets.some(({ status }) => status === 'pending') ? 'pending' : 'completed',
    updated_at: timeOf(updatedAt),
  };
}

function targetJson(target: PromotionTargetRecord): TargetJson {
  return {
    app: { id: target.appId },
    error_message:
      target.status === 'failed' ? (target.message ?? 'Its release command did not succeed.') : null,
    id: target.id,
    pipeline_promotion: { id: target.promotionId },
    release: target.releaseId === null ? null : { id: target.releaseId },
    status: target.status,
  };
}
