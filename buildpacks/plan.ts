/**
 * A build plan: what a planner decides, as JSON, so that it can be printed (`tfk plan`), compared and stored with its build.
 * Engines execute it; nothing here runs anything. Arrays keep the planner's order; that order is the order of work.
 */
export interface BuildPlan {
  /** The planner's name, e.g. `node`. */
  readonly planner: string;
  /** How the planner introduces itself in build output, e.g. `Node.js`. */
  readonly label: string;
  readonly runtime: Runtime;
  /** Detail lines for the build output, e.g. `Using npm, by package-lock.json`. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly steps: readonly BuildStep[];
  /** Images to be built from Dockerfiles of the source, in order; the first is the app's main one. There are no steps then. */
  readonly images: readonly ImageBuild[];
  /** Process types which the planner offers where the Procfile names none. */
  readonly defaultProcessTypes: Readonly<Record<string, string>>;
  /** Environment of every dyno of this slug, below the app's own config. */
  readonly launchEnv: Readonly<Record<string, string>>;
  /** Folders put in front of a dyno's PATH, relative to the app's root. */
  readonly launchPath: readonly string[];
  /** Paths left out of the slug, in .gitignore's grammar. */
  readonly exclude: readonly string[];
}

/** What the app runs on: the base image on Docker, the host's own tool on the embedded engine. */
export interface Runtime {
  /** `node`, or `none` where the Procfile's commands bring their own. */
  readonly language: string;
  /** The version range that the source asks for, e.g. `>=20 <23`; null where it says nothing. */
  readonly range: string | null;
}

/** One image from one Dockerfile. */
export interface ImageBuild {
  /** As heroku.yml calls it; `web` where there is only a Dockerfile. */
  readonly name: string;
  /** Path of the Dockerfile in the source. */
  readonly dockerfile: string;
  /** The folder that COPY and ADD read, in the source; `` is the source itself. */
  readonly context: string;
  /** The stage to be built; null: the last. */
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  /** The images that its FROM and COPY --from lines name, its own stages not among them; in order, each once. */
  readonly bases: readonly string[];
  /** The process types that run in it, as far as the source says so; those of no image run in the first. */
  readonly serves: readonly string[];
  /** The command by which a process type runs the image as it is; null: ENTRYPOINT and CMD as they are once it is built. */
  readonly command: string | null;
}

export interface BuildStep {
  /** Unique in its plan, e.g. `install`. */
  readonly name: string;
  /** Shown as `-----> title`, e.g. `Installing dependencies`. */
  readonly title: string;
  /**
   * What the step may see, and so what its cache key is made of (with its commands, env, runtime and the step before it):
   * these files only, or `source`: the whole tree. A step which sees files only is not run again when other files change.
   */
  readonly inputs: readonly string[] | 'source';
  /** Argument arrays, run one after the other in the app's root; the first that fails ends the build. */
  readonly commands: readonly (readonly [string, ...string[]])[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders kept between builds of an app: cache name → environment variable that tells the tool where it is. */
  readonly caches: Readonly<Record<string, string>>;
  /**
   * Folders which the step makes whole and later steps and dynos only read, e.g. `node_modules`: kept as a layer under the
   * step's key. Empty for a step that changes the tree at large (a build script): it is run on each new source.
   */
  readonly layers: readonly string[];
}
