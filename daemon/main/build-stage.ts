import { join } from 'node:path';
import { BuildpackLibrary } from '../build/buildpacks/library.js';
import { BUILDPACK_LIMITS, FIXED_LIMITS } from '../build/limits.js';
import { BuildOutputs } from '../build/output.js';
import { Builds } from '../build/pipeline.js';
import { Sources } from '../build/receive.js';
import type { SlugUploads } from '../build/slug-uploads.js';
import { Unpacker } from '../build/unpack.js';
import type { Config } from '../config.js';
import type { Engine } from '../engines/engine.js';
import type { LogStore } from '../logs/log-store.js';
import type { Releases } from '../release/releases.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import { Fingerprints } from '../shared/secret-box.js';
import type { Store } from '../store/store.js';
import { StoredBuilds } from './build-records.js';
import { systemPath } from './create-engines.js';
import type { FirstDeploy } from './first-deploy.js';
import { createSlugUploads } from './slug-uploads.js';

export interface BuildStageParts {
  readonly config: Config;
  readonly homeKey: Buffer;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logs: LogStore;
  /** Null: of an app yet to be made. */
  readonly engineOf: (appId: string | null) => Engine;
  readonly releases: Releases;
  readonly firstDeploy: FirstDeploy;
  readonly routerPort: () => number;
}

export interface BuildStage {
  readonly sources: Sources;
  readonly outputs: BuildOutputs;
  readonly builds: Builds;
  readonly slugUploads: SlugUploads;
}

/** The build stage, wired: what is built here, and what was built elsewhere. */
export function createBuildStage(parts: BuildStageParts): BuildStage {
  const { home } = parts.config;
  const sources = new Sources(join(home, 'sources'), FIXED_LIMITS);
  const outputs = new BuildOutputs(join(home, 'builds'), FIXED_LIMITS.outputBytes, parts.logger);
  const builds = createBuilds({ ...parts, sources, outputs });
  return { sources, outputs, builds, slugUploads: createSlugUploads(parts) };
}

/** A slug that is ready becomes a release. */
function createBuilds(parts: BuildStageParts & Pick<BuildStage, 'sources' | 'outputs'>): Builds {
  const { config, store, clock, logger, logs, engineOf, releases, firstDeploy, sources, outputs } = parts;
  const urlOf = (appId: string): string | null => {
    const app = store.apps.find(appId);
    return app ? `http://${app.name}.localhost:${parts.routerPort()}/` : null;
  };
  const fingerprints = new Fingerprints(parts.homeKey, 'tfk build config');
  return new Builds({
    engineOf,
    records: new StoredBuilds(store, logs, clock),
    createRelease: async ({ appId, buildId, slugId, processTypes, actor, description }) => {
      const slug = { id: slugId, processTypes, description, firstDeploy: firstDeploy.take(appId) };
      const { release, unchanged } = await releases.deploy(appId, slug, actor, ({ id }) => {
        const ended = { status: 'succeeded', slugId, releaseId: id, message: null } as const;
        store.builds.finish(buildId, ended, clock.now());
      });
      const url = processTypes['web'] === undefined ? null : urlOf(appId);
      return { version: release.version, releaseId: release.id, unchanged, url };
    },
    setUp: firstDeploy.setUp,
    planContext: (appId) => ({
      config: appId === null ? {} : releases.config(appId),
      images: engineOf(appId).capabilities.images,
      stack: appId === null ? null : (store.apps.find(appId)?.buildStack ?? null),
      isNew: appId === null || releases.current(appId).slugId === null,
    }),
    buildpacks: createLibrary(config, clock),
    configKey: (values) => fingerprints.of(values),
    buildEnv: config.buildEnv,
    sources,
    outputs,
    paths: {
      sources: join(config.home, 'sources'),
      builds: join(config.home, 'builds'),
      unpackProgram: config.programs.unpack,
      readProgram: config.programs.readSource,
    },
    limits: { ...FIXED_LIMITS, timeoutMs: config.timeouts.buildMs },
    clock,
    logger,
  });
}

function createLibrary(config: Config, clock: Clock): BuildpackLibrary {
  return new BuildpackLibrary({
    folder: join(config.home, 'cache', 'buildpacks'),
    unpacker: new Unpacker(config.programs.unpack, BUILDPACK_LIMITS),
    limits: BUILDPACK_LIMITS,
    path: systemPath(config.nodePath),
    env: config.buildEnv,
    clock,
    fetch,
  });
}
