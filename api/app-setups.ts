import { Type, type Static } from 'typebox';
import { MapOf, Meaningless, NamedRef, Nullable, Time, Uuid } from './fields.js';

const Status = Type.Union([Type.Literal('failed'), Type.Literal('pending'), Type.Literal('succeeded')]);

export const AppSetup = Type.Object({
  app: NamedRef,
  /** Null until the source was read. */
  build: Nullable(Type.Object({ id: Uuid(), status: Status, output_stream_url: Type.String() })),
  created_at: Time(),
  failure_message: Nullable(Type.String()),
  id: Uuid(),
  /** What is wrong with app.json. */
  manifest_errors: Type.Array(Type.String()),
  /** Null until app.json's postdeploy script has ended. */
  postdeploy: Nullable(Type.Object({ exit_code: Type.Integer(), output: Type.String() })),
  resolved_success_url: Nullable(Type.String()),
  status: Status,
  updated_at: Time(),
});
export type AppSetup = Static<typeof AppSetup>;

/** `POST /app-setups`. Values of `overrides.env` win over those of app.json. */
export const CreateAppSetup = Type.Object({
  app: Type.Optional(
    Type.Object({
      locked: Meaningless(),
      name: Type.Optional(Type.String()),
      organization: Type.Optional(Nullable(Type.String())),
      personal: Meaningless(),
      region: Type.Optional(Type.String()),
      space: Type.Optional(Nullable(Type.String())),
      stack: Type.Optional(Type.String()),
    }),
  ),
  source_blob: Type.Object({
    checksum: Type.Optional(Nullable(Type.String())),
    url: Type.String(),
    version: Type.Optional(Nullable(Type.String())),
  }),
  overrides: Type.Optional(
    Type.Object({
      buildpacks: Type.Optional(Type.Array(Type.Object({ url: Type.String() }))),
      env: Type.Optional(MapOf(Type.String())),
    }),
  ),
});
export type CreateAppSetup = Static<typeof CreateAppSetup>;
