import { Type, type Static } from 'typebox';
import { IdRef, NamedRef, Nullable, Time, UserRef, Uuid } from './fields.js';

export const ReleaseStatus = Type.Union([
  Type.Literal('failed'),
  Type.Literal('pending'),
  Type.Literal('succeeded'),
  Type.Literal('expired'),
]);
export type ReleaseStatus = Static<typeof ReleaseStatus>;

export const Release = Type.Object({
  addon_plan_names: Type.Array(Type.String()),
  app: NamedRef,
  artifacts: Type.Array(Type.Object({ id: Uuid(), type: Type.String() })),
  created_at: Time(),
  current: Type.Boolean(),
  description: Type.String(),
  eligible_for_rollback: Type.Boolean(),
  id: Uuid(),
  /** Null where no release command ran. */
  output_stream_url: Nullable(Type.String()),
  slug: Nullable(IdRef),
  status: ReleaseStatus,
  updated_at: Time(),
  user: UserRef,
  version: Type.Integer(),
  /** Ours: why it failed. */
  message: Nullable(Type.String()),
});
export type Release = Static<typeof Release>;

/**
 * `POST /apps/:app/releases`: a rollback (`release`: id, version or `vN`), or the release of a slug (`slug`: id) or of an image
 * (`oci_image`: id or digest).
 */
export const CreateRelease = Type.Object({
  description: Type.Optional(Type.String()),
  oci_image: Type.Optional(Type.String()),
  release: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
  slug: Type.Optional(Type.String()),
});
export type CreateRelease = Static<typeof CreateRelease>;
