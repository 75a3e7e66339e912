import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CronRun } from '../../api/cron.js';
import { aSmallApp, Installation } from '../support/installation.js';
import { daemonsOf, killHard } from '../support/own-processes.js';

const tfk = new Installation();
const cron = [{ command: 'echo begun; sleep 3; echo over; exit 7', schedule: '0 0 1 1 *' }];
let id = '';

beforeAll(async () => {
  const pushed = await tfk.tfk(
    'push',
    tfk.source('shop', aSmallApp('x', { 'app.json': JSON.stringify({ cron }) })),
  );
  expect(pushed).toMatchObject({ code: 0 });
  expect(pushed.stderr).toContain('Scheduled jobs: 1');
  id = (JSON.parse(await tfk.ok('cron', '--json', '-a', 'shop')) as { id: string }[])[0]?.id ?? '';
});
afterAll(() => tfk.remove());

const runs = async (): Promise<CronRun[]> =>
  JSON.parse(await tfk.ok('cron:history', id, '--json', '-a', 'shop')) as CronRun[];

it('a job runs on while tfkd is killed, is not run again, and its end is noted by the next tfkd', async () => {
  await tfk.ok('cron:run', id, '--detach', '-a', 'shop');
  await expect.poll(async () => (await runs())[0]?.status, { timeout: 60_000 }).toBe('running');
  for (const daemon of daemonsOf(tfk)) killHard(daemon);
  await expect.poll(async () => (await runs())[0]?.status, { timeout: 60_000 }).toBe('failed');
  const [run, ...more] = await runs();
  expect(more).toEqual([]);
  expect(run).toMatchObject({ exit_code: 7, reason: 'exited with status 7', scheduled_at: null });
  const log = await tfk.ok('logs', '-n', '1000', '-d', run?.dyno ?? '', '-a', 'shop');
  expect(log.match(/: (begun|over)$/gm)).toEqual([': begun', ': over']);
});

it('run and awaited, it shows what it prints and ends with its exit code', async () => {
  const ran = await tfk.tfk('cron:run', id, '-a', 'shop');
  expect(ran.code).toBe(7);
  expect(ran.stdout).toMatch(/app\[scheduler\.\d+\]: begun\n.*app\[scheduler\.\d+\]: over\n$/);
});
