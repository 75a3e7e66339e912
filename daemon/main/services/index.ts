import type {
  AppSetupService,
  BuildService,
  DynoService,
  EngineService,
  Services,
} from '../../http/services.js';
import { AppFeatures } from '../../release/app-features.js';
import { Collaborators } from '../../release/collaborators.js';
import { DYNO_SIZES } from '../../run/sizes.js';
import { AppEngines } from '../app-engines.js';
import { accountService } from './account.js';
import { buildpackService } from './buildpacks.js';
import { buildService, sourceService } from './builds.js';
import { imageService } from './images.js';
import { keyService } from './keys.js';
import { pipelineService } from './pipelines.js';
import { releaseService } from './releases.js';
import { slugService } from './slugs.js';
import { appUrl, type Stages } from './stages.js';

/** What the HTTP routes ask for, put together of the stages. */
export function createServices(stages: Stages, appSetups: AppSetupService): Services {
  const { store, clock } = stages;
  const builds = buildService(stages);
  const sources = sourceService(stages);
  const releases = releaseService(stages);
  return {
    records: store,
    account: accountService(stages),
    keys: keyService(stages),
    collaborators: new Collaborators(store, clock, () => store.account.ensure(stages.email, clock.now())),
    apps: {
      create: (input) => stages.apps.create(input),
      find: (idOrName) => stages.apps.find(idOrName),
      list: () => stages.apps.list(),
      setBuildStack: (appId, stack) => stages.apps.setBuildStack(appId, stack),
      rename: (appId, name) => inForce(stages, stages.apps.rename(appId, name)),
      setMaintenance: (appId, maintenance) => inForce(stages, stages.apps.setMaintenance(appId, maintenance)),
      async destroy(appId) {
        const app = stages.apps.destroy(appId);
        await stages.drains.stopApp(appId);
        return inForce(stages, app);
      },
      url: (app) => appUrl(stages, app),
    },
    appFeatures: new AppFeatures(stages.apps),
    releases,
    sources,
    slugs: slugService(stages),
    images: imageService({ store, clock, sources, builds, engineOf: (name) => stages.engines.get(name) }),
    builds,
    buildpacks: buildpackService(stages),
    formation: {
      scale: async (app, updates, actor) => stages.formation.scale(app.id, updates, actor),
      sizes: () => DYNO_SIZES,
    },
    dynos: dynoService(stages),
    cronJobs: stages.cronJobs,
    domains: {
      add: async ({ app, hostname, sniEndpoint }) => {
        const domain = stages.domains.add(app.id, hostname, sniEndpoint?.id);
        await stages.certificates.domainsChanged(app);
        return inForce(stages, domain);
      },
      remove: async (app, domain) => {
        stages.domains.remove(app.id, domain.id);
        await stages.certificates.domainsChanged(app);
        await stages.routesInForce();
      },
    },
    certificates: stages.certificates,
    addons: stages.addons,
    backups: stages.backups,
    backupSchedules: stages.backupSchedules,
    logs: stages.sessions,
    logDrains: stages.drains,
    engines: engineService(stages, builds),
    pipelines: pipelineService(stages),
    git: stages.git.service({ sources, builds, releases }),
    appSetups,
    tfk: stages.tfk,
    webhooks: stages.webhooks,
    authority: { current: () => stages.authority.current() },
  };
}

/** Answered when requests are routed that way: who is told that it is done may try it at once. */
async function inForce<T>({ routesInForce }: Pick<Stages, 'routesInForce'>, changed: T): Promise<T> {
  await routesInForce();
  return changed;
}

function engineService(stages: Stages, builds: BuildService): EngineService {
  const { store, clock, engines, sources, releases, addons } = stages;
  const appEngines = new AppEngines({
    store,
    clock,
    engines,
    builds,
    hasSource: (sourceId) => sources.has(sourceId),
    openAddons: (appId, engine) => addons.open(appId, engine),
    rebind: (appId, description, actor) => releases.rebind(appId, description, actor),
  });
  return {
    names: () => engines.all().map(({ name }) => name),
    runningOn: (app) => appEngines.runningOn(app),
    move: (app, engine, actor) => appEngines.move(app, engine, actor),
  };
}

function dynoService({ dynos, oneOffs }: Stages): DynoService {
  return {
    restart: async (app, target) => dynos.restart(app.id, target),
    stop: async (app, target) => dynos.stop(app.id, target),
    runOneOff: ({ app, timeLimitMs, ...request }) =>
      oneOffs.start({ ...request, appId: app.id, timeToLiveMs: timeLimitMs }),
    exec: async (_app, dyno, { command, env, terminal }) => dynos.exec(dyno, { command, env, terminal }),
  };
}
