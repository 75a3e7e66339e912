import { Type, type Static } from 'typebox';
import { NamedRef, Time, Uuid } from './fields.js';

export const Formation = Type.Object({
  app: NamedRef,
  command: Type.String(),
  created_at: Time(),
  dyno_size: NamedRef,
  id: Uuid(),
  quantity: Type.Integer(),
  size: Type.String(),
  type: Type.String(),
  updated_at: Time(),
});
export type Formation = Static<typeof Formation>;

/** A count (`2`, `"2"`) or a change of it (`"+1"`, `"-1"`). */
export const Quantity = Type.Union([Type.Integer(), Type.String()]);
export type Quantity = Static<typeof Quantity>;

/** A size's name (any case), or `{ name }` / `{ id }`. */
export const SizeRef = Type.Union([
  Type.String(),
  Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
]);
export type SizeRef = Static<typeof SizeRef>;

/** `PATCH /apps/:app/formation/:type` */
export const UpdateFormation = Type.Object({
  dyno_size: Type.Optional(SizeRef),
  quantity: Type.Optional(Quantity),
  size: Type.Optional(SizeRef),
});
export type UpdateFormation = Static<typeof UpdateFormation>;

/** `PATCH /apps/:app/formation`: all or nothing. */
export const BatchUpdateFormation = Type.Object({
  updates: Type.Array(
    Type.Object({
      /** Of `container:release`: `sha256:…`, or a name; an image of the app's own engine, which the type is to run. */
      docker_image: Type.Optional(Type.String()),
      dyno_size: Type.Optional(SizeRef),
      quantity: Type.Optional(Quantity),
      size: Type.Optional(SizeRef),
      type: Type.String(),
    }),
  ),
});
export type BatchUpdateFormation = Static<typeof BatchUpdateFormation>;

/** `GET /dyno-sizes` */
export const DynoSize = Type.Object({
  architecture: Type.String(),
  compute: Type.Integer(),
  cost: Type.Null(),
  dedicated: Type.Boolean(),
  generation: NamedRef,
  id: Uuid(),
  /** GiB. */
  memory: Type.Number(),
  name: Type.String(),
  precise_dyno_units: Type.Number(),
  private_space_only: Type.Boolean(),
});
export type DynoSize = Static<typeof DynoSize>;
