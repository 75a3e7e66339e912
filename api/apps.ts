import { Type, type Static } from 'typebox';
import { Meaningless, NamedRef, Nullable, Time, UserRef, Uuid } from './fields.js';

export const App = Type.Object({
  acm: Type.Boolean(),
  archived_at: Nullable(Time()),
  build_stack: NamedRef,
  buildpack_provided_description: Nullable(Type.String()),
  created_at: Time(),
  generation: NamedRef,
  git_url: Type.String(),
  id: Uuid(),
  internal_routing: Nullable(Type.Boolean()),
  maintenance: Type.Boolean(),
  name: Type.String(),
  organization: Nullable(NamedRef),
  owner: UserRef,
  region: NamedRef,
  released_at: Nullable(Time()),
  repo_size: Nullable(Type.Integer()),
  slug_size: Nullable(Type.Integer()),
  space: Type.Null(),
  stack: NamedRef,
  team: Nullable(NamedRef),
  updated_at: Time(),
  web_url: Nullable(Type.String()),
});
export type App = Static<typeof App>;

/** `POST /apps`. Without a name one is invented. */
export const CreateApp = Type.Object({
  feature_flags: Meaningless(),
  internal_routing: Meaningless(),
  kernel: Meaningless(),
  locked: Meaningless(),
  name: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
  stack: Type.Optional(Type.String()),
});
export type CreateApp = Static<typeof CreateApp>;

/** `PATCH /apps/:app` */
export const UpdateApp = Type.Object({
  build_stack: Type.Optional(Type.String()),
  maintenance: Type.Optional(Type.Boolean()),
  name: Type.Optional(Type.String()),
});
export type UpdateApp = Static<typeof UpdateApp>;
