import { expect, test } from 'vitest';
import { CronLoop, type CronDependencies } from '../../../../daemon/run/cron/loop.js';

test('a disk that cannot be read for a moment does not end the looks for good', async () => {
  const failures = ['list', 'find', 'list', 'find'];
  const looks: string[] = [];
  const answer = (name: string): void => {
    looks.push(name);
    if (failures[0] !== name) return;
    failures.shift();
    throw new Error('disk I/O error');
  };
  const apps = {
    list: () => (answer('list'), [{ id: 'app' }]),
    find: () => (answer('find'), undefined),
  };
  const loop = new CronLoop({
    store: { apps },
    // Half a minute passes at once.
    clock: { now: () => 0, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) },
    logger: { error: () => undefined },
  } as unknown as CronDependencies);
  loop.start();
  await expect.poll(() => looks.filter((look) => look === 'find').length).toBeGreaterThan(3);
  await loop.stop();
  expect(failures).toEqual([]);
});
