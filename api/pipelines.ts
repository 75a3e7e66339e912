import { Type, type Static } from 'typebox';
import { Meaningless, NamedRef, Nullable, Time, Uuid } from './fields.js';

export const Pipeline = Type.Object({
  created_at: Time(),
  generation: NamedRef,
  id: Uuid(),
  name: Type.String(),
  owner: Nullable(Type.Object({ id: Uuid(), type: Type.String() })),
  updated_at: Time(),
});
export type Pipeline = Static<typeof Pipeline>;

/** `POST /pipelines` */
export const CreatePipeline = Type.Object({
  generation: Meaningless(),
  name: Type.String(),
  owner: Type.Optional(Nullable(Type.Object({ id: Type.String(), type: Type.String() }))),
});
export type CreatePipeline = Static<typeof CreatePipeline>;

/** `PATCH /pipelines/:pipeline` */
export const UpdatePipeline = Type.Object({ name: Type.Optional(Type.String()) });
export type UpdatePipeline = Static<typeof UpdatePipeline>;

/** `GET /pipelines/:pipeline/pipeline-stack` */
export const PipelineStack = Type.Object({ stack: NamedRef });
export type PipelineStack = Static<typeof PipelineStack>;
