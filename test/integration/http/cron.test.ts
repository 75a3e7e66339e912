import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CronJob, CronRun } from '../../../api/index.js';
import { cronJobsOf } from '../../../buildpacks/cron.js';
import type { Server } from '../../../daemon/http/server.js';
import { openBench, type Bench } from './support.js';

let bench: Bench;
let server: Server;
let id: string;

beforeAll(async () => {
  bench = await openBench();
  server = bench.server();
  const app = await bench.pushedApp('shop');
  await bench.pushedApp('other');
  const slugId = bench.releases.current(app.id).slugId ?? '';
  const entry = { command: 'node a.js', schedule: '30 3 * * *', concurrency_policy: 'forbid' } as const;
  const jobs = cronJobsOf([entry]);
  bench.store.cronJobs.putOfSlug(slugId, jobs);
  id = jobs[0]?.id ?? '';
});
afterAll(() => bench.close());

const ask = (method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object) =>
  server.app.inject({ method, url: `/tfk/apps/${url}`, ...(payload ? { payload } : {}) });

it('lists the jobs of the current release', async () => {
  const [job, ...more] = (await ask('GET', 'shop/cron')).json<CronJob[]>();
  expect(more).toEqual([]);
  expect(job).toMatchObject({
    id,
    command: 'node a.js',
    schedule: '30 3 * * *',
    timezone: 'UTC',
    maintenance: false,
    concurrency_policy: 'forbid',
    time_limit: 86_400,
    state: 'scheduled',
    reason: null,
    suspended_at: null,
    last_run: null,
  });
  expect(job?.next_run_at).toMatch(/T03:30:00\.000Z$/);
  expect((await ask('GET', 'other/cron')).json()).toEqual([]);
});

it('suspends and resumes a job, as often as one likes', async () => {
  const patch = async (suspended: boolean) =>
    (await ask('PATCH', `shop/cron/${id}`, { suspended })).json<CronJob>();
  const first = await patch(true);
  expect(first.next_run_at).toBeNull();
  expect(await patch(true)).toEqual(first);
  expect((await patch(false)).suspended_at).toBeNull();
  expect((await patch(false)).next_run_at).not.toBeNull();
});

it('begins a run, tells of it, and refuses a second one', async () => {
  const made = await ask('POST', `shop/cron/${id}/runs`);
  expect(made.statusCode).toBe(201);
  const run = made.json<CronRun>();
  expect(run).toMatchObject({ job: id, status: 'waiting', scheduled_at: null, dyno: null });
  for (const url of [`shop/cron/${id}/runs`, 'shop/cron-runs'])
    expect((await ask('GET', url)).json()).toEqual([run]);
  expect((await ask('GET', `shop/cron-runs/${run.id}`)).json()).toEqual(run);
  expect((await ask('GET', `other/cron-runs/${run.id}`)).statusCode).toBe(404);
  expect((await ask('POST', `shop/cron/${id}/runs`)).statusCode).toBe(409);
});

it('tells of a job whose times cannot be told, with field and reason, and runs it by hand', async () => {
  const app = await bench.pushedApp('odd');
  const slugId = bench.releases.current(app.id).slugId ?? '';
  const jobs = cronJobsOf([{ command: 'true', schedule: '@daily' }]);
  const odd = jobs.map((job) => ({ ...job, id: 'odd', timezone: 'Mars/Base' }));
  bench.store.cronJobs.putOfSlug(slugId, [...odd, ...jobs]);
  const [first, second] = (await ask('GET', 'odd/cron')).json<CronJob[]>();
  expect(first).toMatchObject({ state: 'unreadable', next_run_at: null });
  expect(first?.reason).toMatch(/^timezone: "Mars\/Base" is not known/);
  expect(second).toMatchObject({ state: 'scheduled', reason: null });
  expect((await ask('POST', 'odd/cron/odd/runs')).statusCode).toBe(201);
});

it('says which jobs there are where none is meant', async () => {
  const unknown = await ask('POST', 'shop/cron/nosuch/runs');
  expect(unknown.statusCode).toBe(404);
  expect(unknown.json<{ message: string }>().message).toContain(`It has ${id}. Type: tfk cron -a shop`);
  expect((await ask('GET', 'other/cron/nosuch')).json<{ message: string }>().message).toContain(
    'It has none: "cron" in app.json lists them.',
  );
});
