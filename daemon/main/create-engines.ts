import { dirname, join } from 'node:path';
import type { Config } from '../config.js';
import { Engines } from '../engines/engines.js';
import { ProcessBuilder } from '../engines/process/build/process-builder.js';
import { ProcessEngine } from '../engines/process/engine.js';
import { Processes } from '../engines/process/host/processes.js';
import type { Clock } from '../shared/clock.js';
import type { Logger } from '../shared/logger.js';
import { chooseEngine, type EngineChoice } from './engine-choice.js';

export interface EngineSet {
  readonly engines: Engines;
  readonly choice: EngineChoice;
}

/** Every engine of this tfkd, whether it answers now or not: an app's dynos are its engine's, and Docker may come up later. */
export async function createEngines(config: Config, clock: Clock, logger: Logger): Promise<EngineSet> {
  const embedded = await createProcessEngine(config, clock, logger);
  const choice = await chooseEngine(config.engine, () => Promise.resolve('this tfk has no Docker engine'));
  return { engines: new Engines([embedded]), choice };
}

function createProcessEngine(config: Config, clock: Clock, logger: Logger): Promise<ProcessEngine> {
  const { home, systemDir, nodePath } = config;
  return ProcessEngine.open({
    dynosDir: join(systemDir, 'dynos'),
    builder: new ProcessBuilder({ home, path: systemPath(nodePath), processes: new Processes() }),
    clock,
    logger,
    nodePath,
  });
}

/** What builds and the programs that tfkd starts find: this Node, and the system's own. */
export const systemPath = (nodePath: string): string =>
  `${dirname(nodePath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
