import { join } from 'node:path';
import { FIXED_LIMITS } from './build/limits.js';
import { BuildOutputs } from './build/output.js';
import { Sources } from './build/receive.js';
import { readConfig, type Config } from './config.js';
import { Drains } from './drains/drains.js';
import { trustOf } from './drains/trust.js';
import type { Artifact } from './engines/engine.js';
import { Logins } from './http/logins.js';
import { buildServer } from './http/server.js';
import { Collector } from './logs/collector.js';
import { LogStore } from './logs/log-store.js';
import { apiLine } from './logs/platform.js';
import { RouterLines } from './logs/router-lines.js';
import { LogSessions } from './logs/sessions.js';
import { createAddons } from './main/addons.js';
import { createBackups } from './main/backups.js';
import { createBuilds } from './main/build-stage.js';
import { authorityOf, createCertificates } from './main/certificates.js';
import { createEngines, systemPath } from './main/create-engines.js';
import { createCronStage, type CronStage } from './main/cron-stage.js';
import { FirstDeploy } from './main/first-deploy.js';
import { Garbage } from './main/garbage.js';
import { createGitStage } from './main/git-service.js';
import { listenApi, refuseTakenDoors } from './main/listen.js';
import { makeHome } from './main/make-home.js';
import { startRouterStage } from './main/router-stage.js';
import { announce, withdraw } from './main/run-files.js';
import { createRunStage } from './main/run-stage.js';
import { createAppSetups } from './main/services/app-setups.js';
import { createServices } from './main/services/index.js';
import type { Stages } from './main/services/stages.js';
import { createSlugUploads } from './main/slug-uploads.js';
import { stopEverything } from './main/stop-everything.js';
import { createTfkService } from './main/tfk-service.js';
import { createWebhooks } from './main/webhooks.js';
import { Apps } from './release/apps.js';
import { Pipelines } from './release/pipelines.js';
import { Promotions } from './release/promotions.js';
import { Releases } from './release/releases.js';
import { Domains } from './run/domains.js';
import { Dynos } from './run/dynos.js';
import { Formation } from './run/formation.js';
import { Acting } from './shared/acting.js';
import { systemClock as clock } from './shared/clock.js';
import { messageOf, TfkError } from './shared/errors.js';
import { createLogger } from './shared/logger.js';
import { lockHome } from './store/home-lock.js';
import { loadKey } from './store/secret-box.js';
import type { SlugRecord } from './store/slugs.js';
import { Store } from './store/store.js';
import { LocalAuthority } from './tls/authority.js';

/** Under which clients call the API; 127.0.0.1 is where it listens. */
const API_HOSTS = ['127.0.0.1', '::1', 'localhost'];

/**
 * The composition root of tfkd: the one place that knows all parts. Reads from top to bottom as a start does; what an
 * earlier tfkd left is taken up before anybody is let in.
 */
async function main(config: Config): Promise<void> {
  const startedAt = clock.now();
  const { home, timeouts } = config;
  await makeHome(config);
  const unlock = lockHome(home);
  await refuseTakenDoors({ port: config.apiPort, socket: join(home, 'tfkd.sock') });
  const logger = createLogger(config.logLevel, 'tfkd');
  const store = Store.open(home);
  const homeKey = loadKey(join(home, 'secret.key'));
  const account = store.account.ensure(config.email, startedAt);
  const logs = new LogStore({
    folder: join(home, 'logs'),
    clock,
    logger,
    budgetBytes: config.logBudgetBytes,
  });
  logs.prune(store.apps.list().map((app) => app.id));
  const authority = await LocalAuthority.open(home, clock);

  // The engines and what reads from them
  const { engines, choice, containers } = await createEngines(config, clock, logger);
  const collector = new Collector({ engine: engines, logs, clock, logger });

  // The router
  const { control: router, status: routerStatus } = await startRouterStage(config, clock, logger);
  const routerPort = (): number => routerStatus().port;
  const { certificates, publisher, matching } = createCertificates({
    store,
    clock,
    logger,
    authority: authorityOf(authority),
    homeKey,
    certify: (set) => router.certify(set),
  });
  router.onReconnect(() => publisher.forget());
  const routerLines = new RouterLines({
    folder: join(home, 'router', 'log'),
    logs,
    isApp: (appId) => store.apps.find(appId) !== undefined,
    clock,
    logger,
  });

  // The stages
  const acting = new Acting();
  const logins = new Logins(clock);
  const hooks = createWebhooks({ store, clock, logger, acting });
  const record = (appId: string, text: string): void => logs.append(appId, [apiLine(text)]);
  const { addons, brokenManifests } = await createAddons(config, {
    store,
    clock,
    logger,
    containers,
    rebind: (appId, description, actor) => releases.rebind(appId, description, actor),
    actor: () => account.email,
  });
  const { backups, backupSchedules } = createBackups(config, {
    store,
    clock,
    logger,
    addons,
    record,
    actor: () => account.email,
  });
  const outputs = new BuildOutputs(join(home, 'builds'), FIXED_LIMITS.outputBytes, logger);
  const appIsEmpty = async (appId: string): Promise<void> => {
    for (const addon of store.addons.all().filter((candidate) => candidate.appId === appId))
      await addons.destroy(addon, account.email);
    await backups.forgetApp(appId);
    for (const build of store.builds.list(appId)) await outputs.remove(build.id);
    await engines.forgetApp(appId);
    await hooks.farewell(appId);
    await git.forgetApp(appId);
    store.transaction(() => store.apps.delete(appId));
    logs.drop(appId);
    run.loop.notify(appId);
  };
  const run = createRunStage({
    store,
    engine: engines,
    clock,
    logger,
    logs,
    collector,
    router,
    appIsEmpty,
    isAwaited: (dyno) => cron.isAwaited(dyno),
    settled: (appId) => cron.loop.wake(appId),
    timeouts,
  });
  const notify = (appId: string): void => {
    run.loop.notify(appId);
    cron.loop.wake(appId);
  };
  const cron: CronStage = createCronStage({
    store,
    clock,
    logger,
    logs,
    notify: (appId) => run.loop.notify(appId),
    inHand: run.inHand,
  });
  const hostsChanged = (appId: string): void => {
    notify(appId);
    publisher.changed();
  };
  const hasArtifact = (slug: SlugRecord) => engines.hasArtifact(slug.artifact as Artifact);
  const releases: Releases = new Releases({
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
  const promotions = new Promotions({ store, clock, logger, releases, hasArtifact });
  /** Null: of an app yet to be made. */
  const engineOf = (appId: string | null) =>
    engines.get((appId === null ? undefined : store.apps.find(appId)?.engine) ?? choice.name);
  const apps = new Apps(store, clock, hostsChanged, choice.name);
  const firstDeploy = new FirstDeploy(store, releases, addons, () => account.email);
  const sources = new Sources(join(home, 'sources'), FIXED_LIMITS);
  const builds = createBuilds({
    config,
    homeKey,
    store,
    clock,
    logger,
    logs,
    engineOf,
    releases,
    firstDeploy,
    sources,
    outputs,
    routerPort,
  });
  const slugUploads = createSlugUploads({ config, store, clock, engineOf });
  const git = createGitStage({
    home,
    store,
    path: systemPath(config.nodePath),
    nodePath: config.nodePath,
    hookProgram: config.programs.pushHook,
    logger,
  });
  const drains = new Drains({
    store,
    logs,
    clock,
    logger,
    userAgent: `Logplex/tfk-${config.version}`,
    trust: trustOf(config.buildEnv),
  });
  const garbage = new Garbage({ store, engines, slugUploads, clock, logger });

  // Who comes in
  const endWork = async (): Promise<void> => {
    slugUploads.stop();
    await builds.stop();
  };
  const quiesce = async (): Promise<void> => {
    await endWork();
    await cron.loop.stop();
    await run.stop();
    backupSchedules.stop();
    addons.stop();
    await backups.stop();
    appSetups.stop();
    garbage.stop();
    publisher.stop();
    await hooks.stop();
  };
  const end = async (): Promise<void> => {
    await api.close(endWork);
    await quiesce();
    run.letGo();
    await collector.stop();
    await routerLines.stop();
    await drains.stop();
    await router.close();
    logs.close();
    store.close();
    await withdraw(home);
    unlock();
    process.exit(0);
  };
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, 'stopping failed');
    process.exit(1);
  };
  let ending: Promise<void> | undefined;
  /** A stop by a request and one by a signal are one. */
  const endOnce = (): void => void (ending ??= end()).catch(fail);
  const tfk = createTfkService({
    brokenManifests,
    config,
    startedAt,
    engines,
    choice,
    store,
    router,
    routerStatus,
    socket: join(home, 'tfkd.sock'),
    apiPort: () => api.port,
    stopDaemon: endOnce,
    async *stopEverything() {
      try {
        yield* stopEverything({ store, engine: engines, clock, router, addons, quiesce, free: run.free });
        yield 'All is stopped';
      } finally {
        setImmediate(endOnce);
      }
    },
  });
  const stages: Stages = {
    home,
    email: config.email,
    store,
    clock,
    apps,
    releases,
    pipelines: new Pipelines(store, clock),
    promotions,
    sources,
    builds,
    slugUploads,
    outputs,
    formation: new Formation(store, clock, logs, notify),
    dynos: new Dynos(store, engines, logs, notify),
    oneOffs: run.oneOffs,
    cronJobs: cron.jobs,
    routed: run.routed,
    domains: new Domains(store, clock, hostsChanged, matching),
    certificates,
    addons,
    backups,
    backupSchedules,
    engines,
    baseImages: config.baseImages,
    git,
    logs,
    sessions: new LogSessions(logs, clock),
    drains,
    authority,
    tfk,
    webhooks: hooks.webhooks,
    routerPort,
  };
  const appSetups = createAppSetups(stages, logger);
  const services = createServices(stages, appSetups);

  // What an earlier tfkd left, then the doors
  let apiPort = config.apiPort;
  hooks.start(services, () => `http://127.0.0.1:${apiPort}`);
  await git.prepare();
  await builds.recover();
  await slugUploads.recover();
  run.adopt();
  run.loop.start();
  cron.loop.start();
  routerLines.start();
  drains.start();
  releases.recover();
  promotions.recover();
  appSetups.recover();
  backups.recover(addons.recover());
  const api = await listenApi({
    socket: join(home, 'tfkd.sock'),
    port: config.apiPort,
    clock,
    build: (trusted) =>
      buildServer(services, {
        trusted,
        clock,
        logger,
        acting,
        logins,
        hourlyLimit: config.apiRateLimit,
        certificate: () => authority.certificateFor(API_HOSTS),
      }).app,
    announce: (port) => {
      apiPort = port;
      return announce(home, {
        pid: process.pid,
        startedAt: new Date(startedAt).toISOString(),
        version: config.version,
        apiPort: port,
        routerPort: routerPort(),
        routerTlsPort: routerStatus().tlsPort ?? null,
        socket: join(home, 'tfkd.sock'),
      });
    },
  });
  garbage.start();
  backupSchedules.start();
  publisher.start();
  process.once('SIGTERM', endOnce);
  process.once('SIGINT', endOnce);
  logger.info(
    { home, apiPort: api.port, routerPort: routerPort(), ms: clock.now() - startedAt },
    'tfkd is ready',
  );
}

/** One line that the CLI shows as it is. */
function complain(error: unknown): never {
  const hint = error instanceof TfkError && error.hint !== undefined ? ` ${error.hint}` : '';
  process.stderr.write(`tfkd: ${messageOf(error)}${hint}\n`);
  process.exit(1);
}

try {
  await main(readConfig());
} catch (error) {
  complain(error);
}
