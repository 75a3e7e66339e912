import type { BrokenManifest } from '../addons/manifests/read.js';
import type { Config } from '../config.js';
import { Drains } from '../drains/drains.js';
import { trustOf } from '../drains/trust.js';
import type { Engine } from '../engines/engine.js';
import type { Collector } from '../logs/collector.js';
import { apiLine } from '../logs/platform.js';
import { LogSessions } from '../logs/sessions.js';
import { Domains } from '../run/domains.js';
import { Dynos } from '../run/dynos.js';
import { Formation } from '../run/formation.js';
import type { Acting } from '../shared/acting.js';
import { createAddons } from './addons.js';
import { createBackups } from './backups.js';
import { createBuildStage, type BuildStage } from './build-stage.js';
import { systemPath, type EngineSet } from './create-engines.js';
import { createCronStage, type CronStage } from './cron-stage.js';
import { forgetApp } from './forget-app.js';
import { Garbage } from './garbage.js';
import { createGitStage, type GitStage } from './git-service.js';
import type { Home } from './home.js';
import { createReleaseStage, type ReleaseStage } from './release-stage.js';
import type { RouterStage } from './router-stage.js';
import { createRunStage, type RunStage } from './run-stage.js';
import type { Stages } from './services/stages.js';
import { createWebhooks, type WebhookStage } from './webhooks.js';

/** What the stages stand on. */
export interface Ground {
  readonly config: Config;
  readonly home: Home;
  readonly engineSet: EngineSet;
  readonly collector: Collector;
  readonly router: RouterStage;
  /** Who asked for what is being done. */
  readonly acting: Acting;
}

/** The stages, and what of them starts and stops with tfkd. */
export interface Wired {
  /** All but tfkd's knowledge of itself. */
  readonly stages: Omit<Stages, 'tfk'>;
  readonly run: RunStage;
  readonly cron: CronStage;
  readonly hooks: WebhookStage;
  readonly garbage: Garbage;
  readonly brokenManifests: readonly BrokenManifest[];
}

/** The stages, wired: who asks, tells and wakes whom stands here. */
export async function createStages(ground: Ground): Promise<Wired> {
  const { config, home, engineSet, router } = ground;
  const { store, clock, logger, logs, account } = home;
  const { engines, containers } = engineSet;
  const base = { store, clock, logger };
  const actor = (): string => account.email;
  const record = (appId: string, text: string): void => logs.append(appId, [apiLine(text)]);
  const hooks = createWebhooks({ ...base, acting: ground.acting });
  const { addons, brokenManifests } = await createAddons(config, {
    ...base,
    containers,
    rebind: (appId, description, user) => release.releases.rebind(appId, description, user),
    actor,
  });
  const { backups, backupSchedules } = createBackups(config, { ...base, addons, record, actor });
  const git = gitStageOf(ground);
  const { run, cron, notify } = runAndCron(ground, (appId) => {
    const { builds, outputs } = build;
    return forgetApp(appId, {
      ...{ store, logs, engines, addons, backups, builds, outputs, git, hooks, actor },
    });
  });
  const hostsChanged = (appId: string): void => {
    notify(appId);
    router.publisher.changed();
  };
  const release: ReleaseStage = createReleaseStage({
    ...base,
    ...{ engineSet, addons, run, record, notify, hostsChanged, actor },
  });
  const build: BuildStage = createBuildStage({
    ...base,
    ...{ config, logs, homeKey: home.key, routerPort: router.port },
    engineOf: engineOf(ground),
    releases: release.releases,
    firstDeploy: release.firstDeploy,
  });
  const stages = {
    ...{ home: config.home, email: config.email, baseImages: config.baseImages },
    ...{ store, clock, logs, engines, authority: home.authority },
    ...{ ...release, ...build, addons, backups, backupSchedules, git, webhooks: hooks.webhooks },
    ...asUsersSeeIt(ground, { run, cron, notify, hostsChanged }),
    ...readersOfLogs(ground),
  };
  const garbage = new Garbage({ ...base, engines, slugUploads: build.slugUploads });
  return { stages, run, cron, hooks, garbage, brokenManifests };
}

/** What runs and how it is reached, as users see and change it. */
function asUsersSeeIt(
  { home, engineSet, router }: Ground,
  { run, cron, notify, hostsChanged }: RunAndCron & { readonly hostsChanged: (appId: string) => void },
) {
  const { store, clock, logs } = home;
  return {
    formation: new Formation(store, clock, logs, notify),
    dynos: new Dynos(store, engineSet.engines, logs, notify),
    oneOffs: run.oneOffs,
    cronJobs: cron.jobs,
    routed: run.routed,
    routesInForce: run.routesInForce,
    routerPort: router.port,
    domains: new Domains(store, clock, hostsChanged, router.matching),
    certificates: router.certificates,
  };
}

/** Log lines on their way to who reads them. */
function readersOfLogs({ config, collector, home: { store, clock, logger, logs } }: Ground) {
  return {
    logged: (instance: string) => collector.drained(instance),
    sessions: new LogSessions(logs, clock),
    drains: new Drains({
      store,
      logs,
      clock,
      logger,
      userAgent: `Logplex/tfk-${config.version}`,
      trust: trustOf(config.buildEnv),
    }),
  };
}

interface RunAndCron {
  readonly run: RunStage;
  readonly cron: CronStage;
  /** Wakes both. */
  readonly notify: (appId: string) => void;
}

/** The two that start dynos, each by its own loop: what one has done the other has to look at. */
function runAndCron(
  { config, home, engineSet, collector, router }: Ground,
  appIsEmpty: (appId: string) => Promise<void>,
): RunAndCron {
  const { store, clock, logger, logs } = home;
  const run = createRunStage({
    ...{ store, clock, logger, logs, collector },
    engine: engineSet.engines,
    router: router.control,
    appIsEmpty: async (appId) => {
      await appIsEmpty(appId);
      run.loop.notify(appId);
    },
    isAwaited: (dyno) => cron.isAwaited(dyno),
    settled: (appId) => cron.loop.wake(appId),
    timeouts: config.timeouts,
  });
  const cron: CronStage = createCronStage({
    ...{ store, clock, logger, logs },
    notify: (appId) => run.loop.notify(appId),
    inHand: run.inHand,
  });
  const notify = (appId: string): void => {
    run.loop.notify(appId);
    cron.loop.wake(appId);
  };
  return { run, cron, notify };
}

const gitStageOf = ({ config, home: { store, logger } }: Ground): GitStage =>
  createGitStage({
    home: config.home,
    store,
    path: systemPath(config.nodePath),
    nodePath: config.nodePath,
    hookProgram: config.programs.pushHook,
    logger,
  });

/** Null: of an app yet to be made. */
const engineOf =
  ({ home: { store }, engineSet: { engines, choice } }: Ground) =>
  (appId: string | null): Engine =>
    engines.get((appId === null ? undefined : store.apps.find(appId)?.engine) ?? choice.name);
