import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ProcessBuilder } from '../../daemon/engines/process/build/process-builder.js';
import { ProcessEngine } from '../../daemon/engines/process/engine.js';
import { Processes } from '../../daemon/engines/process/host/processes.js';
import { systemClock } from '../../daemon/shared/clock.js';
import { theseToolchains } from '../support/toolchains.js';
import { describeEngine, type EngineFixture } from './engine.contract.js';

describeEngine('process', async (): Promise<EngineFixture> => {
  const home = await mkdtemp(join(tmpdir(), 'tfk-engine-'));
  await chmod(home, 0o711);
  const processes = new Processes();
  const toolchains = theseToolchains();
  const logger = pino({ level: 'silent' });
  const builder = new ProcessBuilder({
    home,
    path: process.env['PATH'] ?? '',
    processes,
    toolchains,
    logger,
  });
  const open = (name: string) =>
    ProcessEngine.open({
      dynosDir: join(home, name),
      builder,
      clock: systemClock,
      logger,
      nodePath: process.execPath,
    });
  return {
    engine: await open('dynos'),
    reopen: () => open('dynos'),
    neighbour: () => open('others'),
    leftovers: async (instances) => {
      const marked = await Promise.all(instances.map((one) => processes.withVariable(`TFK_DYNO=${one}`)));
      const near = await Promise.all(
        instances.map((one) => processes.workingBelow(join(home, 'dynos', one))),
      );
      return [...marked, ...near].flat().map((pid) => `process ${pid}`);
    },
    dispose: () => rm(home, { recursive: true, force: true }),
  };
});
