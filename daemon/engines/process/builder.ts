import type { Readable } from 'node:stream';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import type { Artifact, BuildRequest, BuildResult } from '../engine.js';

/**
 * What the embedded engine asks of whoever makes its slugs: the build half of the engine contract, and the laying out of a
 * slug as the folder a dyno runs in.
 */
export interface SlugBuilder {
  /** Ends and removes what builds of an earlier tfkd left; once, when the engine opens. */
  recover(): Promise<void>;
  /** As Engine.runtimeOf. */
  runtimeOf(plan: BuildPlan): Promise<string>;
  /** As Engine.build. */
  build(request: BuildRequest): Promise<BuildResult>;
  /** As Engine.hasArtifact. */
  hasArtifact(artifact: Artifact): Promise<boolean>;
  /** As Engine.pack. */
  pack(artifact: Artifact): Promise<Readable>;
  /** As Engine.collectGarbage. */
  collectGarbage(keep: readonly Artifact[]): Promise<number>;
  /** As Engine.purgeCache. */
  purgeCache(appId: string): Promise<void>;

  /**
   * Lays the slug out in `targetDir`, which does not exist yet (its parent does), as the fresh, private, writable copy one
   * dyno runs in; owned by `owner` when given (which takes root). Whatever is left of a cut-off call is replaced. Answers
   * what the plan says of launching. Rejects with a TfkError when the slug is gone.
   */
  materialise(artifact: Artifact, targetDir: string, owner?: SlugOwner): Promise<SlugLaunch>;
}

export interface SlugOwner {
  readonly uid: number;
  readonly gid: number;
}

/** How a dyno of this slug is launched. */
export interface SlugLaunch {
  /** Folders put in front of PATH, in order, relative to the app's root. */
  readonly path: readonly string[];
  /** Folders of this machine that come next: where the languages are that dynos need. */
  readonly hostPath?: readonly string[];
}
