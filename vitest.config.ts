import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** One project a folder of test/; the time limits rise with what is real in them. `retry: 0`: a flake is a bug. */
const project = (name: string, timeoutSeconds: number, extra: object = {}) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    ...extra,
  },
});

/** What kills whole engines, under which nothing else can be tested. */
const ALONE = ['test/e2e/docker/engine-restart.test.ts'];

export default defineConfig({
  test: {
    retry: 0,
    restoreMocks: true,
    unstubEnvs: true,
    // One more than there are processors: most tests with something real in them wait for it half of their time.
    maxWorkers: availableParallelism() + 1,
    projects: [
      // Pure, and so of no matter to each other: one process runs many files, in half the time.
      project('unit', 30, { isolate: false }),
      project('contract', 60),
      project('integration', 60),
      project('docker', 180),
      // Real clients of Heroku's, one second of processor time a command.
      project('clients', 300, { globalSetup: 'test/clients/setup.ts' }),
      // After all others, since each starts daemons, routers and databases, and measures their patience.
      project('e2e', 300, { sequence: { groupOrder: 1 }, exclude: ALONE }),
      project('alone', 300, { include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } }),
    ],
  },
});
