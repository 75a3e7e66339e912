import { Type, type Static } from 'typebox';
import { Nullable, Time, Uuid } from './fields.js';

/** `GET`, `PUT /apps/:app/buildpack-installations` */
export const BuildpackInstallation = Type.Object({
  buildpack: Type.Object({ name: Type.String(), url: Type.String() }),
  ordinal: Type.Integer(),
});
export type BuildpackInstallation = Static<typeof BuildpackInstallation>;

/** Each a buildpack by name (`heroku/nodejs`), URN or address. Heroku's CLI sends none for a name that the registry has not. */
export const UpdateBuildpackInstallations = Type.Object({
  updates: Type.Array(Type.Object({ buildpack: Type.Optional(Type.String()) })),
});
export type UpdateBuildpackInstallations = Static<typeof UpdateBuildpackInstallations>;

/** `GET /buildpacks/:buildpack` of Heroku's buildpack registry, which is tfkd too (HEROKU_BUILDPACK_REGISTRY_URL). */
export const RegisteredBuildpack = Type.Object({
  blob_url: Type.String(),
  category: Type.String(),
  created_at: Time(),
  description: Type.String(),
  id: Uuid(),
  logo: Nullable(Type.String()),
  name: Type.String(),
  namespace: Type.String(),
  source: Type.Object({ type: Type.String() }),
  support: Type.Object({ address: Type.String(), method: Type.String() }),
  two_factor_authentication: Type.Boolean(),
  updated_at: Time(),
});
export type RegisteredBuildpack = Static<typeof RegisteredBuildpack>;

/** `GET /buildpacks/:buildpack/revisions` */
export const BuildpackRevision = Type.Object({
  created_at: Time(),
  id: Uuid(),
  license: Type.String(),
  release: Type.Integer(),
  status: Type.String(),
});
export type BuildpackRevision = Static<typeof BuildpackRevision>;
