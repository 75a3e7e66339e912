import { Type, type Static } from 'typebox';
import { Build } from './builds.js';
import { Nullable } from './fields.js';

/** `GET /tfk/apps/:app/engine` */
export const AppEngine = Type.Object({
  /** The engine that builds the app from now on. */
  engine: Type.String(),
  /** The engine whose slug runs now; null for an app without code. */
  running_on: Nullable(Type.String()),
  /** All that there are. */
  engines: Type.Array(Type.String()),
});
export type AppEngine = Static<typeof AppEngine>;

/** `PATCH /tfk/apps/:app/engine` */
export const MoveApp = Type.Object({ engine: Type.String() });
export type MoveApp = Static<typeof MoveApp>;

/** Its answer; `build` brings the running code to the other engine, null where there is nothing to build. */
export const MovedApp = Type.Object({ ...AppEngine.properties, build: Nullable(Build) });
export type MovedApp = Static<typeof MovedApp>;
