import type { AppJson } from '../../buildpacks/app-json.js';
import type { CronJob } from '../../buildpacks/cron.js';
import type { BuildPlan } from '../../buildpacks/plan.js';
import type { PlanContext } from '../../buildpacks/planner.js';
import type { Artifact, BuildEngine, BuildOutput, ImageFacts } from '../engines/engine.js';
import type { SourceContents } from './content-hash.js';

/**
 * What the build stage asks of the rest of tfkd. Main implements these over the store, the release stage and the add-ons, so
 * that the build stage itself knows none of them.
 */

/** A build to be done. Its row exists, with status `pending`, before the job is submitted. */
export interface BuildJob {
  readonly buildId: string;
  readonly appId: string;
  /** For the output only. */
  readonly appName: string;
  /** Id of a source that `Sources.receive` took. */
  readonly sourceId: string;
  /** `SHA256:<hex>` of the tarball, as Heroku's clients may send it; another one ends the build. */
  readonly checksum: string | null;
  /** What the pusher calls this source (a commit, a tag); becomes part of the release's description. */
  readonly version: string | null;
  /** What the release is called; without it `Deploy <version>`. */
  readonly releaseDescription?: string | null;
  /** Buildpacks that were set, by name or address. Without any, the source says itself what it is. */
  readonly buildpacks?: readonly string[];
  /** Who pushed: an e-mail address, for the release. */
  readonly actor: string;
}

/** The rows of builds and slugs. Every method is one transaction, and has happened for good when it returns. */
export interface BuildRecords {
  /** The build leaves the queue. False when its row is not `pending` any more: it is then dropped without a word. */
  markRunning(buildId: string, startedAt: number): boolean;
  /** `pending` → `succeeded`. `releaseId` is null when nothing was released because nothing changed. */
  finish(buildId: string, result: FinishedBuild): void;
  /** `pending` → `failed`, with the reason for `tfk builds:info`. */
  fail(buildId: string, result: FailedBuild): void;
  /** Builds whose row is `pending`, oldest first: after a start of tfkd these are the ones it died in. */
  pending(): readonly { readonly buildId: string; readonly appId: string }[];

  /** Ids of the sources of slugs that releases in reach have: kept, so that they can be built anew on another engine. */
  sourcesInUse(): ReadonlySet<string>;

  /** The app's newest slug with this key. Its artifact may be gone: the pipeline asks the engine. */
  findSlug(appId: string, contentKey: string): BuiltSlug | null;
  /** Inserts the slug and answers its id. */
  insertSlug(slug: NewSlug): string;
  /** What the source's app.json asks to be run by the clock, with each build: also of a slug that is used again. */
  putCronJobs(slugId: string, jobs: readonly CronJob[]): void;
}

export interface FinishedBuild {
  readonly slugId: string;
  readonly releaseId: string | null;
  readonly finishedAt: number;
}

export interface FailedBuild {
  readonly reason: FailureReason;
  /** One sentence, meant for the user. */
  readonly message: string;
  readonly finishedAt: number;
}

/**
 * `source`: the tarball is refused; `detect`: no planner; `plan`: the source contradicts itself (a broken Procfile too);
 * `command`, `timeout`, `limit`, `runtime`: while building, or what it needs cannot be had; `release`: built, but no release came of it;
 * `cancelled`: `DELETE build`; `interrupted`: tfkd ended; `internal`: tfkd's own fault.
 */
export type FailureReason =
  | 'source'
  | 'detect'
  | 'plan'
  | 'command'
  | 'timeout'
  | 'limit'
  | 'runtime'
  | 'release'
  | 'cancelled'
  | 'interrupted'
  | 'internal';

export interface NewSlug {
  readonly appId: string;
  readonly buildId: string;
  /** Hash of content, plan and runtime: the same key is the same slug. */
  readonly contentKey: string;
  /** The source tree after the ignore files; `releases:diff` and `builds:info` show it. */
  readonly contents: SourceContents;
  readonly artifact: Artifact;
  /** From the Procfile, and from the planner where the Procfile names no such type; in the Procfile's order. */
  readonly processTypes: Readonly<Record<string, string>>;
  readonly plan: BuildPlan;
  /** Environment of every dyno over the plan's and below the app's own config: what a classic buildpack said. It may be secret. */
  readonly broughtEnv: Readonly<Record<string, string>>;
  /** What the image brings along, where the source was built by its own Dockerfile. */
  readonly image: ImageFacts | null;
  /** The validated app.json (health checks and formation are read from it later), or null where there is none. */
  readonly appJson: AppJson | null;
  readonly version: string | null;
  readonly createdAt: number;
}

export interface BuiltSlug {
  readonly slugId: string;
  readonly artifact: Artifact;
  readonly processTypes: Readonly<Record<string, string>>;
}

/**
 * Makes the release of a slug, or finds that the app's current release already has this very slug with the same process
 * types (`unchanged`; version and releaseId are then the current one's). Does not wait for the release phase. A TfkError
 * thrown here fails the build with its message.
 */
export type CreateRelease = (input: ReleaseInput) => Promise<CreatedRelease>;

export interface ReleaseInput {
  readonly appId: string;
  readonly buildId: string;
  readonly slugId: string;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly actor: string;
  /** E.g. `Deploy 1a2b3c4`. */
  readonly description: string;
}

export interface CreatedRelease {
  readonly version: number;
  readonly releaseId: string;
  readonly unchanged: boolean;
  /** Where the app answers; null for an app without a web process. */
  readonly url: string | null;
}

/**
 * Brings an app to what its app.json asks for (add-ons, env, formation) at its first deploy. Called on every build that has
 * an app.json, after the slug was built and before its release: who implements it knows whether it is the first.
 */
export type SetUpApp = (input: {
  readonly appId: string;
  readonly appJson: AppJson;
  readonly output: BuildOutput;
  readonly signal: AbortSignal;
}) => Promise<void>;

/** What planners may know of the app; null: of a new one. */
export type PlanContextOf = (appId: string | null) => PlanContext;

/** The half of an engine that makes slugs. */
export type SlugEngine = Pick<BuildEngine, 'name' | 'runtimeOf' | 'build' | 'hasArtifact'>;

/** What `tfk plan` prints. */
export interface PlannedBuild {
  readonly contentHash: string;
  readonly plan: BuildPlan;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly appJson: AppJson | null;
  readonly warnings: readonly string[];
}

export type BuildOutcome =
  | {
      readonly ok: true;
      readonly slugId: string;
      readonly releaseId: string | null;
      readonly version: number;
      readonly unchanged: boolean;
    }
  | { readonly ok: false; readonly reason: FailureReason; readonly message: string };

/** Where the build stage keeps its things; all below `$TFK_HOME`. */
export interface BuildPaths {
  /** Received tarballs: `sources/<id>`. */
  readonly sources: string;
  /** Output logs `builds/<id>.log`; the unpacked trees of running builds `builds/<id>.tree/`, and their buildpacks beside them. */
  readonly builds: string;
  /** The compiled `daemon/build/unpack/main.js`. */
  readonly unpackProgram: string;
  /** The compiled `daemon/build/reading/main.js`. */
  readonly readProgram: string;
}
