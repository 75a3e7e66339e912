import type { FetchedBuildpack } from './classic/plan.js';
import type { BuildPlan } from './plan.js';
import type { SourceTree } from './source.js';

/** Facts of the build that are not in the source. */
export interface PlanContext {
  /** The app's config vars that planners may look at (e.g. `NODE_ENV`, `NPM_CONFIG_PRODUCTION`). */
  readonly config: Readonly<Record<string, string>>;
  /** Can the app's engine build images from Dockerfiles? */
  readonly images: boolean;
  /** The names of the planners that the user has set, the main language last; none: the first that detects. */
  readonly planners?: readonly string[];
  /** All that the user has set, where classic buildpacks are among it: these, and the planners by name, in order. */
  readonly list?: readonly (string | FetchedBuildpack)[] | null;
  /** Is it to help the planner of another language, which says what runs? */
  readonly helping?: boolean;
  /** Was nothing of the app deployed yet? Then its app.json says what it should have. */
  readonly isNew?: boolean;
  /** `container`: images of Dockerfiles, and nothing else; `heroku-24`: everything else; none: as the source says. */
  readonly stack?: 'heroku-24' | 'container' | null;
}

/** A planner is a function of values: it reads a source, and answers a plan. It never waits, never runs anything. */
export interface Planner {
  readonly name: string;
  /** Is this source mine? May be called for every source; must not throw on a broken one. */
  detect(source: SourceTree, context: PlanContext): boolean;
  /** The plan for a source that this planner detected. Throws PlanError where the source is its own contradiction. */
  plan(source: SourceTree, context: PlanContext): BuildPlan;
  /** Has a source of another main language something for this planner to build, such as assets? */
  helps?(source: SourceTree): boolean;
  /** What this planner looks for, for the message printed when nothing was detected, e.g. `package.json (Node.js)`. */
  readonly looksFor: string;
  /** The buildpack of Heroku's whose place it takes: apps can be set to it. */
  readonly buildpack?: { readonly name: string; readonly description: string };
}

/** The source asks for something that cannot be built; the message is for the app's developer, the hint says what to type. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}
