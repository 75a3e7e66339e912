import type { Addons } from '../addons/addons.js';
import type { Artifact } from '../engines/engine.js';
import { Apps } from '../release/apps.js';
import { Pipelines } from '../release/pipelines.js';
import { Promotions } from '../release/promotions.js';
import { Releases, type ReleaseDependencies } from '../release/releases.js';
import type { SlugRecord } from '../store/slugs.js';
import type { EngineSet } from './create-engines.js';
import { FirstDeploy } from './first-deploy.js';
import type { RunStage } from './run-stage.js';

export interface ReleaseStage {
  readonly apps: Apps;
  readonly releases: Releases;
  readonly promotions: Promotions;
  readonly pipelines: Pipelines;
  readonly firstDeploy: FirstDeploy;
}

interface Parts extends Pick<ReleaseDependencies, 'store' | 'clock' | 'logger' | 'record' | 'notify'> {
  readonly engineSet: EngineSet;
  readonly addons: Addons;
  readonly run: Pick<RunStage, 'oneOffs'>;
  /** The app answers under other names, or not at all. */
  readonly hostsChanged: (appId: string) => void;
  /** In whose name a first deploy adds what app.json asks for. */
  readonly actor: () => string;
}

/** The release stage, wired: it knows neither dynos nor add-ons, and is told here who does. */
export function createReleaseStage(parts: Parts): ReleaseStage {
  const { store, clock, logger, engineSet, addons, run, record, notify } = parts;
  const { engines, choice } = engineSet;
  const hasArtifact = (slug: SlugRecord) => engines.hasArtifact(slug.artifact as Artifact);
  const releases = new Releases({
    store,
    clock,
    logger,
    attached: (appId, engine) => addons.attached(appId, engine),
    runReleaseCommand: (release) => run.oneOffs.runReleaseCommand(release),
    openAddons: (appId, engine) => addons.open(appId, engine),
    hasArtifact,
    record,
    notify,
  });
  return {
    apps: new Apps(store, clock, parts.hostsChanged, choice.name),
    releases,
    promotions: new Promotions({ store, clock, logger, releases, hasArtifact }),
    pipelines: new Pipelines(store, clock),
    firstDeploy: new FirstDeploy(store, releases, addons, parts.actor),
  };
}
