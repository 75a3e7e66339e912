import { Type, type Static } from 'typebox';
import { IdRef, Nullable, Time, Uuid } from './fields.js';

export const PipelinePromotion = Type.Object({
  created_at: Time(),
  id: Uuid(),
  pipeline: IdRef,
  source: Type.Object({ app: IdRef, release: IdRef }),
  status: Type.Union([Type.Literal('pending'), Type.Literal('completed')]),
  updated_at: Time(),
});
export type PipelinePromotion = Static<typeof PipelinePromotion>;

export const PromotionTarget = Type.Object({
  app: IdRef,
  /** Null unless it failed. */
  error_message: Nullable(Type.String()),
  id: Uuid(),
  pipeline_promotion: IdRef,
  /** There as soon as the release is, before its release command has ended. */
  release: Nullable(IdRef),
  status: Type.Union([Type.Literal('pending'), Type.Literal('succeeded'), Type.Literal('failed')]),
});
export type PromotionTarget = Static<typeof PromotionTarget>;

const Reference = Type.Object({ id: Type.String() });

/** `POST /pipeline-promotions`: pipeline and apps by id or name. Without a release: the current one. */
export const CreatePipelinePromotion = Type.Object({
  pipeline: Reference,
  source: Type.Object({ app: Reference, release: Type.Optional(Nullable(Reference)) }),
  targets: Type.Array(Type.Object({ app: Reference })),
});
export type CreatePipelinePromotion = Static<typeof CreatePipelinePromotion>;
