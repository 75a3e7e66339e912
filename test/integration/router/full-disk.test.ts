import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useRouters } from './harness.js';

useRouters();

test.skipIf(!existsSync('/dev/full'))('a full disk under the log costs lines, not the process', () => {
  const script = `
    const { createLogger } = await import(process.argv[1]);
    const logger = createLogger('info', 'test');
    logger.info('one'); logger.error('two');
    setTimeout(() => process.stdout.write('alive'), 100);`;
  const logger = `file://${process.cwd()}/dist/daemon/shared/logger.js`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, logger], {
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  });
  expect([child.status, child.stdout.toString()]).toEqual([0, 'alive']);
});
