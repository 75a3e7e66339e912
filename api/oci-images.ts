import { Type, type Static } from 'typebox';
import { MapOf, NamedRef, Nullable, Time, Uuid } from './fields.js';

const Process = Type.Object({
  command: Type.String(),
  default: Nullable(Type.Boolean()),
  display_cmd: Type.String(),
  name: Type.String(),
  working_dir: Type.String(),
});

const Buildpack = Type.Object({
  homepage: Type.Optional(Type.String()),
  id: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
});

/** An image that was made elsewhere, as it was registered; what was not said is an empty text. */
export const OciImage = Type.Object({
  architecture: Nullable(Type.String()),
  base_image_name: Type.String(),
  base_top_layer: Type.String(),
  buildpacks: Type.Array(Buildpack),
  commit: Type.String(),
  commit_description: Type.String(),
  created_at: Time(),
  deleted_at: Nullable(Time()),
  digest: Type.String(),
  id: Uuid(),
  image_repo: Type.String(),
  process_types: MapOf(Process),
  stack: NamedRef,
  updated_at: Time(),
});
export type OciImage = Static<typeof OciImage>;

/** `POST /apps/:app/oci-images`. `digest` is what the app's own engine calls it. */
export const CreateOciImage = Type.Object({
  architecture: Type.Optional(Nullable(Type.String())),
  base_image_name: Type.Optional(Type.String()),
  base_top_layer: Type.Optional(Type.String()),
  buildpacks: Type.Optional(Type.Array(Buildpack)),
  commit: Type.Optional(Type.String()),
  commit_description: Type.Optional(Type.String()),
  digest: Type.String(),
  image_repo: Type.Optional(Type.String()),
  process_types: Type.Optional(
    MapOf(
      Type.Object({
        command: Type.String(),
        default: Type.Optional(Nullable(Type.Boolean())),
        display_cmd: Type.Optional(Type.String()),
        name: Type.Optional(Type.String()),
        working_dir: Type.Optional(Type.String()),
      }),
    ),
  ),
  stack: Type.Optional(Type.String()),
});
export type CreateOciImage = Static<typeof CreateOciImage>;
