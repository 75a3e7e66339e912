/**
 * A build plan: what a planner decides, as JSON, so that it can be printed (`tfk plan`), compared and stored with its build.
 * Engines execute it; nothing here runs anything. Arrays keep the planner's order; that order is the order of work.
 */
export interface BuildPlan {
  /** The planner's name, e.g. `node`. */
  readonly planner: string;
  /** How the planner introduces itself in build output, e.g. `Node.js`. */
  readonly label: string;
  /** What the steps run on. */
  readonly runtime: Runtime;
  /** Further languages that steps and dynos find beside it, e.g. Node.js for the assets of a Django app. */
  readonly tools: readonly Runtime[];
  /** What dynos run on: `runtime` again, or less where the steps leave a program that needs no compiler. */
  readonly launchRuntime: Runtime;
  /** Detail lines for the build output, e.g. `Using npm, by package-lock.json`. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly steps: readonly BuildStep[];
  /** Images to be built from Dockerfiles of the source, in order; the first is the app's main one. There are no steps then. */
  readonly images: readonly ImageBuild[];
  /** A builder of Cloud Native Buildpacks, which builds in place of steps and Dockerfiles. */
  readonly builder?: PlannedBuilder;
  /** Path → text of files that the plan adds to the source, where it has none of that name; there before the first step. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Names of the app's config vars that open steps and Dockerfiles are given, as the source or the app asks for, and closed steps
   * as far as they name them; a planner's `*` is all that there are. Only names stand in a plan; a changed value builds anew.
   */
  readonly buildConfig: readonly string[];
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
  readonly language: Language;
  /** The versions that the source asks for, as a semver range, e.g. `>=20 <23`, `3.12.x`; null where it says nothing. */
  readonly range: string | null;
  /** Who asks for that range, as the first half of a sentence, e.g. `.python-version asks for Python 3.12`; null with it. */
  readonly asked: string | null;
}

/**
 * `java` has compiler and Maven, `jre` only what runs a jar; `system` is a bare system with its usual libraries; `heroku` is
 * Heroku's stack, on which classic buildpacks' apps run, and `heroku-build` the same with what buildpacks need; `none` is for a
 * Procfile whose commands bring their own, and may use Node.js.
 */
export type Language =
  'node' | 'python' | 'go' | 'java' | 'jre' | 'rust' | 'system' | 'heroku' | 'heroku-build' | 'none';

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

/** An image with buildpacks and the lifecycle that runs them. */
export interface PlannedBuilder {
  /** The image, as its user wrote it. */
  readonly image: string;
  /** Who names it, as a sentence begins: `TFK_BUILDER`. */
  readonly by: string;
  /** Those of its buildpacks that are run, in order, in place of what the builder would try; none: what it would try. */
  readonly group: readonly { readonly id: string; readonly version: string | null }[];
  /** What it is given of the source, by patterns in .gitignore's grammar; null: all. */
  readonly files: { readonly kind: 'only' | 'without'; readonly patterns: readonly string[] } | null;
  /** Environment of its buildpacks, below the config vars that `buildConfig` names. */
  readonly env: Readonly<Record<string, string>>;
}

export interface BuildStep {
  /** Unique in its plan, e.g. `install`. */
  readonly name: string;
  /** Shown as `-----> title`, e.g. `Installing dependencies`. */
  readonly title: string;
  /**
   * What the step may see, and so what its cache key is made of (with its commands, env, runtime and the step before it):
   * these files only, and what links among them lead to, or `source`: the whole tree. A step which sees files only is not run
   * again when other files change.
   */
  readonly inputs: readonly string[] | 'source';
  /** Names of the plan's `buildConfig` that a step gets which sees files only: another value is another key. Open steps get all. */
  readonly config?: readonly string[];
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
  /** What to tell people when a command of the step fails: the first of these that fits. */
  readonly hints?: readonly Hint[];
  /** The step is a classic buildpack, which is run in place of commands. */
  readonly buildpack?: PlannedBuildpack;
}

/** What may help after a failure, where the tool's own words do not. */
export interface Hint {
  /** Words that the step has printed then; none: it always fits. */
  readonly when?: string;
  readonly say: string;
}

/** A classic buildpack: `bin/detect`, `bin/compile` and `bin/release`, run in this order. */
export interface PlannedBuildpack {
  /** As its user wrote it: an address or a folder. */
  readonly reference: string;
  /** Hex SHA-256 of all its files. */
  readonly digest: string;
  /** Is it asked for the default process types? On Heroku only the last of a list is. */
  readonly releases: boolean;
}

/** A step that sees its files and the layers before it only, so that its layers can be found again. */
export type ClosedStep = BuildStep & { readonly inputs: readonly string[] };

export function isClosed(step: BuildStep): step is ClosedStep {
  return step.inputs !== 'source' && step.layers.length > 0;
}

/** The runtime where the source asks for no version. */
export const anyVersionOf = (language: Language): Runtime => ({ language, range: null, asked: null });

/** A plan that does nothing, for planners to say what they do beyond it. */
export function planOn(runtime: Runtime): Omit<BuildPlan, 'planner' | 'label'> {
  return {
    runtime,
    tools: [],
    launchRuntime: runtime,
    notes: [],
    warnings: [],
    steps: [],
    images: [],
    files: {},
    buildConfig: [],
    defaultProcessTypes: {},
    launchEnv: {},
    launchPath: [],
    exclude: [],
  };
}
