import { Type, type Static } from 'typebox';
import { MapOf, Nullable, Time } from './fields.js';
import { ProcessTypes } from './slugs.js';

/** What lives under `/tfk/…`: ours, beyond Heroku's API. */

export const Health = Type.Object({ status: Type.Literal('ok') });
export type Health = Static<typeof Health>;

export const Version = Type.Object({ version: Type.String(), pid: Type.Integer(), started_at: Time() });
export type Version = Static<typeof Version>;

export const Info = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  home: Type.String(),
  started_at: Time(),
  engine: Type.Object({ name: Type.String(), isolation: Type.String(), limits: Type.Boolean() }),
  api: Type.Object({ socket: Type.String(), port: Nullable(Type.Integer()) }),
  router: Type.Object({
    port: Nullable(Type.Integer()),
    /** Null: the router speaks no TLS. */
    tls_port: Nullable(Type.Integer()),
    pid: Nullable(Type.Integer()),
    workers: Type.Integer(),
  }),
  account: Type.Object({ email: Type.String() }),
});
export type Info = Static<typeof Info>;

export const Check = Type.Object({
  name: Type.String(),
  status: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('failed')]),
  detail: Type.String(),
  hint: Nullable(Type.String()),
});
export type Check = Static<typeof Check>;

export const Doctor = Type.Object({ checks: Type.Array(Check) });
export type Doctor = Static<typeof Doctor>;

/** `daemon`: only tfkd ends. `everything`: dynos, add-on servers and router too; answered as NDJSON of Progress. */
export const Shutdown = Type.Object({
  scope: Type.Optional(Type.Union([Type.Literal('daemon'), Type.Literal('everything')])),
});
export type Shutdown = Static<typeof Shutdown>;

export const Progress = Type.Object({ message: Type.String() });
export type Progress = Static<typeof Progress>;

/** `POST /tfk/plans`: what a build of this source would do. */
export const CreatePlan = Type.Object({
  app: Type.Optional(Nullable(Type.String())),
  source_blob: Type.Object({ url: Type.String() }),
  /** Is a Dockerfile wanted that builds the same? */
  dockerfile: Type.Optional(Type.Boolean()),
});
export type CreatePlan = Static<typeof CreatePlan>;

const Runtime = Type.Object({
  language: Type.String(),
  range: Nullable(Type.String()),
  asked: Nullable(Type.String()),
});

export const BuildPlan = Type.Object({
  planner: Type.String(),
  label: Type.String(),
  runtime: Runtime,
  tools: Type.Array(Runtime),
  launch_runtime: Runtime,
  notes: Type.Array(Type.String()),
  warnings: Type.Array(Type.String()),
  images: Type.Array(
    Type.Object({
      name: Type.String(),
      dockerfile: Type.String(),
      context: Type.String(),
      target: Nullable(Type.String()),
      args: MapOf(Type.String()),
      bases: Type.Array(Type.String()),
      serves: Type.Array(Type.String()),
      command: Nullable(Type.String()),
    }),
  ),
  steps: Type.Array(
    Type.Object({
      name: Type.String(),
      title: Type.String(),
      inputs: Type.Union([Type.Literal('source'), Type.Array(Type.String())]),
      /** Config vars that a step gets which sees files only; other values run it again, too. */
      config: Type.Optional(Type.Array(Type.String())),
      commands: Type.Array(Type.Array(Type.String())),
      env: MapOf(Type.String()),
      caches: MapOf(Type.String()),
      layers: Type.Array(Type.String()),
      /** The step is a classic buildpack, run in place of commands. */
      buildpack: Type.Optional(
        Type.Object({ reference: Type.String(), digest: Type.String(), releases: Type.Boolean() }),
      ),
    }),
  ),
  /** A builder of Cloud Native Buildpacks, which builds in place of steps and Dockerfiles. */
  builder: Type.Optional(
    Type.Object({
      image: Type.String(),
      group: Type.Array(Type.Object({ id: Type.String(), version: Nullable(Type.String()) })),
      files: Nullable(
        Type.Object({
          kind: Type.Union([Type.Literal('only'), Type.Literal('without')]),
          patterns: Type.Array(Type.String()),
        }),
      ),
      env: MapOf(Type.String()),
    }),
  ),
  files: MapOf(Type.String()),
  build_config: Type.Array(Type.String()),
  default_process_types: ProcessTypes,
  process_types: ProcessTypes,
  launch_env: MapOf(Type.String()),
  launch_path: Type.Array(Type.String()),
  exclude: Type.Array(Type.String()),
  content_hash: Type.String(),
  /** Null where none was asked for, and for a source that has one. */
  dockerfile: Nullable(Type.String()),
});
export type BuildPlan = Static<typeof BuildPlan>;

/** `GET /tfk/apps/:app/rollout?release=N&wait=seconds`. A failure that was waited for is told when its dynos’ last lines are in the log. */
export const Rollout = Type.Object({
  status: Type.Union([
    Type.Literal('pending'),
    Type.Literal('live'),
    Type.Literal('failed'),
    Type.Literal('superseded'),
  ]),
  release: Type.Integer(),
  message: Nullable(Type.String()),
  types: Type.Array(Type.Object({ type: Type.String(), ready: Type.Integer(), wanted: Type.Integer() })),
  url: Nullable(Type.String()),
});
export type Rollout = Static<typeof Rollout>;

const Change = Type.Union([Type.Literal('added'), Type.Literal('removed'), Type.Literal('changed')]);
const Side = Nullable(Type.String());

/**
 * `GET /tfk/apps/:app/releases/:a/diff/:b`, and `GET /tfk/apps/:app/diff/:other` of what two apps run; config values are masked.
 */
export const ReleaseDiff = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  config: Type.Array(Type.Object({ key: Type.String(), change: Change, from: Side, to: Side })),
  process_types: Type.Array(Type.Object({ type: Type.String(), change: Change, from: Side, to: Side })),
  bindings: Type.Array(Type.Object({ name: Type.String(), change: Change, from: Side, to: Side })),
  slug: Type.Object({ from: Side, to: Side, changed: Type.Boolean() }),
  files: Type.Array(Type.Object({ path: Type.String(), change: Change })),
  dependencies: Type.Array(Type.Object({ name: Type.String(), from: Side, to: Side })),
});
export type ReleaseDiff = Static<typeof ReleaseDiff>;
