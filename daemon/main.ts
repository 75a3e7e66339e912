import { readConfig, type Config } from './config.js';
import { Collector } from './logs/collector.js';
import type { AppSetups } from './main/app-setups.js';
import { createEngines } from './main/create-engines.js';
import { createStages, type Ground, type Wired } from './main/create-stages.js';
import { Ending } from './main/ending.js';
import { openHome } from './main/home.js';
import { openDoors } from './main/open-doors.js';
import type { RouterStage } from './main/router-stage.js';
import { startRouterStage } from './main/router-stage.js';
import { createAppSetups } from './main/services/app-setups.js';
import { createServices } from './main/services/index.js';
import type { Stages } from './main/services/stages.js';
import { stopEverything } from './main/stop-everything.js';
import { createTfkService } from './main/tfk-service.js';
import { Acting } from './shared/acting.js';
import { systemClock as clock } from './shared/clock.js';
import { messageOf, TfkError } from './shared/errors.js';

/**
 * The composition root of tfkd: the one place that knows all parts. Reads from top to bottom as a start does; what an
 * earlier tfkd left is taken up before anybody is let in.
 */
async function main(config: Config): Promise<void> {
  const startedAt = clock.now();
  const home = await openHome(config, clock);
  const { logger } = home;
  const engineSet = await createEngines(config, clock, logger);
  const collector = new Collector({ engine: engineSet.engines, logs: home.logs, clock, logger });
  const router = await startRouterStage(config, home);
  const ground: Ground = { config, home, engineSet, collector, router, acting: new Acting() };
  const wired = await createStages(ground);
  const { hooks, garbage } = wired;

  const ending = new Ending({
    ...{ home, collector, router, wired },
    appSetups: () => appSetups,
    api: () => api,
  });
  const tfk = createTfk(ground, wired, ending, { startedAt, apiPort: () => api.port });
  const stages: Stages = { ...wired.stages, tfk };
  const appSetups = createAppSetups(stages, logger);
  const services = createServices(stages, appSetups);

  let apiPort = config.apiPort;
  hooks.start(services, () => `http://127.0.0.1:${apiPort}`);
  await takeUp(wired, router, appSetups);
  const api = await openDoors(services, { ...ground, startedAt, listens: (port) => (apiPort = port) });
  garbage.start();
  stages.backupSchedules.start();
  router.publisher.start();
  process.once('SIGTERM', ending.begin);
  process.once('SIGINT', ending.begin);
  logger.info(
    { home: config.home, apiPort: api.port, routerPort: router.port(), ms: clock.now() - startedAt },
    'tfkd is ready',
  );
}

/** What an earlier tfkd left. */
async function takeUp({ stages, run, cron }: Wired, router: RouterStage, setups: AppSetups): Promise<void> {
  const { git, builds, slugUploads, drains, releases, promotions, backups, addons } = stages;
  await git.prepare();
  await builds.recover();
  await slugUploads.recover();
  run.adopt();
  run.loop.start();
  cron.loop.start();
  router.lines.start();
  drains.start();
  releases.recover();
  promotions.recover();
  setups.recover();
  backups.recover(addons.recover());
}

/** What tfkd knows of itself, and how it is stopped. */
function createTfk(
  { config, home, engineSet, router }: Ground,
  { stages, run, brokenManifests }: Wired,
  ending: Ending,
  own: { readonly startedAt: number; readonly apiPort: () => number },
) {
  const { engines, choice } = engineSet;
  const { addons } = stages;
  return createTfkService({
    ...{ ...own, brokenManifests, config, engines, choice, store: home.store },
    router: router.control,
    routerStatus: router.status,
    socket: home.socket,
    stopDaemon: ending.begin,
    async *stopEverything() {
      try {
        yield* stopEverything({
          ...{ store: home.store, clock, addons },
          engine: engines,
          router: router.control,
          quiesce: () => ending.quiesce(),
          free: run.free,
        });
        yield 'All is stopped';
      } finally {
        setImmediate(ending.begin);
      }
    },
  });
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
