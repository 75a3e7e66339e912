import { Type, type Static } from 'typebox';
import { MapOf, NamedRef, Nullable, Time, Uuid } from './fields.js';

export const ProcessTypes = MapOf(Type.String());
export type ProcessTypes = Static<typeof ProcessTypes>;

export const Slug = Type.Object({
  blob: Type.Object({ method: Type.String(), url: Type.String() }),
  buildpack_provided_description: Nullable(Type.String()),
  checksum: Nullable(Type.String()),
  commit: Nullable(Type.String()),
  commit_description: Nullable(Type.String()),
  created_at: Time(),
  deleted_at: Nullable(Time()),
  id: Uuid(),
  process_types: ProcessTypes,
  /** Bytes. */
  size: Nullable(Type.Integer()),
  stack: NamedRef,
  updated_at: Time(),
});
export type Slug = Static<typeof Slug>;

/** `POST /apps/:app/slugs`: a slug that was built elsewhere. `checksum` is `SHA256:<hex>` of its tarball. */
export const CreateSlug = Type.Object({
  buildpack_provided_description: Type.Optional(Nullable(Type.String())),
  checksum: Type.Optional(Nullable(Type.String())),
  commit: Type.Optional(Nullable(Type.String())),
  commit_description: Type.Optional(Nullable(Type.String())),
  process_types: ProcessTypes,
  stack: Type.Optional(Nullable(Type.String())),
});
export type CreateSlug = Static<typeof CreateSlug>;
