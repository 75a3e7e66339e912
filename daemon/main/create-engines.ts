import { dirname, join } from 'node:path';
import type { Config } from '../config.js';
import { DockerBuilder } from '../engines/docker/build/builder.js';
import { ConnectedClient } from '../engines/docker/connection/connected-client.js';
import { EngineFile } from '../engines/docker/connection/engine-memory.js';
import { DockerEngine } from '../engines/docker/engine.js';
import { Names } from '../engines/docker/names.js';
import { AppNetworks } from '../engines/docker/networks.js';
import { DockerServices } from '../engines/docker/services/docker-services.js';
import { Engines } from '../engines/engines.js';
import { ProcessBuilder } from '../engines/process/build/process-builder.js';
import { ProcessEngine } from '../engines/process/engine.js';
import { Processes } from '../engines/process/host/processes.js';
import { Toolchains } from '../engines/process/toolchains/toolchains.js';
import type { ServiceHost } from '../engines/service-host.js';
import type { Clock } from '../shared/clock.js';
import { messageOf } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { chooseEngine, type EngineChoice } from './engine-choice.js';

export interface EngineSet {
  readonly engines: Engines;
  readonly choice: EngineChoice;
  /** Where add-ons of apps on Docker run. */
  readonly containers: ServiceHost;
}

/** Every engine of this tfkd, whether it answers now or not: an app's dynos are its engine's, and Docker may come up later. */
export async function createEngines(config: Config, clock: Clock, logger: Logger): Promise<EngineSet> {
  const client = new ConnectedClient({
    env: { ...config.docker, HOME: config.userHome },
    memory: new EngineFile(join(config.home, 'run', 'docker-engine')),
  });
  const whyNot = (): Promise<string | null> => client.api().then(() => null, messageOf);
  const parts = { client, names: new Names(config.homeId), clock, logger };
  const networks = new AppNetworks(parts);
  const { home, baseImages } = config;
  const engines = new Engines(
    [
      await createProcessEngine(config, clock, logger),
      await DockerEngine.open({
        ...parts,
        networks,
        builder: new DockerBuilder({ ...parts, home, baseImages }),
      }),
    ],
    logger,
  );
  return {
    engines,
    choice: await chooseEngine(config.engine, whyNot),
    containers: new DockerServices({ ...parts, networks }),
  };
}

function createProcessEngine(config: Config, clock: Clock, logger: Logger): Promise<ProcessEngine> {
  const { home, systemDir, nodePath } = config;
  return ProcessEngine.open({
    dynosDir: join(systemDir, 'dynos'),
    builder: new ProcessBuilder({
      home,
      path: systemPath(nodePath),
      processes: new Processes(),
      toolchains: new Toolchains({ ...config.toolchains, home: config.userHome, nodePath }),
      logger,
    }),
    clock,
    logger,
    nodePath,
  });
}

/** What builds and the programs that tfkd starts find: this Node, and the system's own. */
export const systemPath = (nodePath: string): string =>
  `${dirname(nodePath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
