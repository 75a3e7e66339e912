import { Type, type Static } from 'typebox';
import { IdRef, NamedRef, Time, Uuid } from './fields.js';

export const PipelineCoupling = Type.Object({
  app: IdRef,
  created_at: Time(),
  id: Uuid(),
  /** Heroku's schema has the id alone, its CLI prints the name. */
  pipeline: NamedRef,
  /** `test`, `review`, `development`, `staging` or `production`. */
  stage: Type.String(),
  updated_at: Time(),
});
export type PipelineCoupling = Static<typeof PipelineCoupling>;

/** `POST /pipeline-couplings`: app and pipeline by id or name. */
export const CreatePipelineCoupling = Type.Object({
  app: Type.String(),
  pipeline: Type.String(),
  stage: Type.String(),
});
export type CreatePipelineCoupling = Static<typeof CreatePipelineCoupling>;

/** `PATCH /pipeline-couplings/:coupling` */
export const UpdatePipelineCoupling = Type.Object({ stage: Type.Optional(Type.String()) });
export type UpdatePipelineCoupling = Static<typeof UpdatePipelineCoupling>;
