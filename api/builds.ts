import { Type, type Static } from 'typebox';
import { IdRef, Nullable, Time, UserRef, Uuid } from './fields.js';

export const BuildStatus = Type.Union([
  Type.Literal('failed'),
  Type.Literal('pending'),
  Type.Literal('succeeded'),
]);
export type BuildStatus = Static<typeof BuildStatus>;

export const Build = Type.Object({
  app: IdRef,
  buildpacks: Nullable(Type.Array(Type.Object({ name: Type.String(), url: Type.String() }))),
  created_at: Time(),
  generation: Type.String(),
  id: Uuid(),
  output_stream_url: Type.String(),
  release: Nullable(IdRef),
  slug: Nullable(IdRef),
  source_blob: Type.Object({
    checksum: Nullable(Type.String()),
    url: Type.String(),
    version: Nullable(Type.String()),
    version_description: Nullable(Type.String()),
  }),
  stack: Type.String(),
  status: BuildStatus,
  updated_at: Time(),
  user: UserRef,
  /** Ours: builds before this one in the app's queue; 0 while it runs, null once it has ended. */
  queue_position: Nullable(Type.Integer()),
  /** Ours: why it failed. */
  message: Nullable(Type.String()),
  /** Ours: it succeeded, and released nothing because nothing had changed. */
  unchanged: Type.Boolean(),
});
export type Build = Static<typeof Build>;

/** `POST /apps/:app/builds`. `checksum` is `SHA256:<hex>` of the tarball. */
export const CreateBuild = Type.Object({
  /** Instead of those set on the app, for this build alone. */
  buildpacks: Type.Optional(
    Nullable(
      Type.Array(Type.Object({ name: Type.Optional(Type.String()), url: Type.Optional(Type.String()) })),
    ),
  ),
  source_blob: Type.Object({
    checksum: Type.Optional(Nullable(Type.String())),
    url: Type.String(),
    version: Type.Optional(Nullable(Type.String())),
    version_description: Type.Optional(Nullable(Type.String())),
  }),
});
export type CreateBuild = Static<typeof CreateBuild>;
