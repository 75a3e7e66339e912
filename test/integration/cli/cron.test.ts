import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli, startCli } from './run-cli.js';

const run = {
  id: '01234567-89ab-cdef-0123-456789abcdef',
  job: '1f0c2a9b',
  command: 'node a.js',
  scheduled_at: null,
  status: 'failed',
  dyno: 'scheduler.4711',
  release: 3,
  created_at: '2026-01-02T03:04:05Z',
  started_at: '2026-01-02T03:04:05Z',
  ended_at: '2026-01-02T03:04:07Z',
  exit_code: 3,
  reason: 'exited with status 3',
};
const job = {
  id: '1f0c2a9b',
  command: 'node a.js',
  schedule: '30 3 * * *',
  timezone: 'Europe/Berlin',
  maintenance: false,
  concurrency_policy: 'allow',
  time_limit: 86400,
  state: 'suspended',
  reason: null,
  suspended_at: '2026-01-02T03:04:05Z',
  next_run_at: null,
  last_run: run,
};

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  tfkd.on('GET /tfk/apps/x/cron', { json: [job] });
});
afterEach(() => tfkd.stop());
const tfk = (words: string) => runCli(words.split(' '), { home: tfkd.home });

describe('scheduled jobs', () => {
  it('are listed with what they did last', async () => {
    const { stdout } = await tfk('cron -a x');
    expect(stdout).toMatch(
      /1f0c2a9b +30 3 \* \* \* Europe\/Berlin +suspended +failed \d+d ago in 2\.0 s +node a\.js\n/,
    );
    expect(JSON.parse((await tfk('cron -a x --json')).stdout)).toEqual([job]);
    tfkd.on('GET /tfk/apps/x/cron', { json: [] });
    expect((await tfk('cron -a x')).stderr).toContain(
      'No scheduled jobs on ⬢ x. A job is an entry of "cron"',
    );
  });

  it('that cannot be read are listed with the reason and what to do, and the others as ever', async () => {
    const reason = 'timezone: "Mars/Base" is not known to this machine’s Node.js v20.20.2';
    const odd = { ...job, id: '0dd', state: 'unreadable', reason, suspended_at: null };
    const never = { ...job, id: 'never', state: 'scheduled', suspended_at: null };
    tfkd.on('GET /tfk/apps/x/cron', { json: [odd, never] });
    const { stdout, stderr, code } = await tfk('cron -a x');
    expect(stdout).toMatch(/0dd .* unreadable .*\nnever .* never /);
    expect(stderr).toContain(`0dd does not run by itself: ${reason}.`);
    expect(stderr).toContain('Mend it in app.json and push; until then by hand: tfk cron:run 0dd -a x');
    expect(code).toBe(0);
  });

  it('are suspended and resumed', async () => {
    tfkd.on('PATCH /tfk/apps/x/cron/1f0c2a9b', { json: job });
    expect((await tfk('cron:suspend 1f0c2a9b -a x')).stdout).toBe(
      'Suspended node a.js (30 3 * * * Europe/Berlin)\n',
    );
    expect(tfkd.sent('PATCH /tfk/apps/x/cron/1f0c2a9b')).toEqual({ suspended: true });
    expect((await tfk('cron:resume 1f0c2a9b -a x')).stdout).toContain('Resumed node a.js');
    expect(tfkd.sent('PATCH /tfk/apps/x/cron/1f0c2a9b')).toEqual({ suspended: false });
  });

  it('are run now: with what they print, and their exit code', async () => {
    const path = `/tfk/apps/x/cron-runs/${run.id}`;
    let asked = 0;
    tfkd.on('POST /tfk/apps/x/cron/1f0c2a9b/runs', {
      status: 201,
      json: { ...run, status: 'waiting', dyno: null },
    });
    tfkd.on(`GET ${path}`, () => ({ json: asked++ === 0 ? { ...run, status: 'running' } : run }));
    tfkd.on('POST /apps/x/log-sessions', { status: 201, json: { logplex_url: '/stream' } });
    tfkd.on('GET /stream', ({ headers }, reply) => {
      const line = headers['last-event-id'] === undefined ? 'one' : 'two';
      reply.setHeader('content-type', 'text/event-stream');
      reply.end(`id: ${line}\ndata: ${line}\n\n`);
      return undefined;
    });
    const ended = await tfk('cron:run 1f0c2a9b -a x');
    expect(ended.stdout).toBe('one\ntwo\n');
    expect(ended.stderr).toContain('scheduler.4711 failed (by hand): exited with status 3');
    expect(ended.code).toBe(3);
    expect((await tfk('cron:run 1f0c2a9b -a x --detach')).stdout).toBe(`${run.id}\n`);
  });

  it('wait for their turn, and go on when nobody looks on any more, and say so', async () => {
    const waiting = { ...run, status: 'waiting', dyno: null };
    tfkd.on('POST /tfk/apps/x/cron/1f0c2a9b/runs', { status: 201, json: waiting });
    tfkd.on(`GET /tfk/apps/x/cron-runs/${run.id}`, { json: waiting });
    const cli = startCli('cron:run 1f0c2a9b -a x'.split(' '), { home: tfkd.home });
    await cli.says('It waits for its turn. What runs: tfk ps -a x');
    cli.process.kill('SIGINT');
    const { code, stderr } = await cli.ended;
    expect(stderr).toContain('The run goes on without you.');
    expect(stderr).toContain('See how it ends: tfk cron:history 1f0c2a9b -a x');
    expect(code).toBe(130);
  });

  it('show their history', async () => {
    tfkd.on('GET /tfk/apps/x/cron/1f0c2a9b/runs', { json: [run] });
    tfkd.on('GET /tfk/apps/x/cron-runs', { json: [run] });
    expect((await tfk('cron:history 1f0c2a9b -a x')).stdout).toMatch(
      /1f0c2a9b .*scheduler\.4711 +v3 +2\.0 s +failed \(by hand\): exited with status 3\n/,
    );
    tfkd.on('GET /tfk/apps/x/cron-runs', { json: [] });
    expect((await tfk('cron:history -a x')).stderr).toContain('No scheduled job has run yet');
  });

  describe('by a name', () => {
    const nightly = { ...job, id: '1f77aaaa', command: 'node nightly.js', schedule: '@daily' };
    const weekly = { ...nightly, id: 'c0ffee00', schedule: '@weekly' };
    beforeEach(() => {
      tfkd.on('GET /tfk/apps/x/cron', { json: [job, nightly, weekly] });
      for (const { id } of [job, nightly, weekly])
        tfkd.on(`POST /tfk/apps/x/cron/${id}/runs`, { status: 201, json: { ...run, job: id } });
    });
    const started = (): string[] => tfkd.requests().filter((request) => request.startsWith('POST'));
    const runs = (name: string) => runCli(['cron:run', name, '--detach', '-a', 'x'], { home: tfkd.home });

    it.each([
      ['1f0', job.id],
      ['1f77aaaa', nightly.id],
      ['c', weekly.id],
      ['node a.js', job.id],
    ])('%j are the one that it fits', async (name, id) => {
      expect(await runs(name)).toMatchObject({ code: 0, stderr: expect.stringContaining(id) as string });
      expect(started()).toEqual([`POST /tfk/apps/x/cron/${id}/runs`]);
    });

    it.each([
      [
        '1f',
        '1f may be any of 2 scheduled jobs of x: 1f0c2a9b (node a.js, 30 3 * * *), 1f77aaaa (node nightly.js, @daily).',
      ],
      ['node nightly.js', '1f77aaaa (node nightly.js, @daily), c0ffee00 (node nightly.js, @weekly).'],
    ])('%j that fits several run none of them', async (name, said) => {
      const ended = await runs(name);
      expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(said) as string });
      expect(ended.stderr).toContain('Type the id of the one that you mean');
      expect(started()).toEqual([]);
    });

    it('that fits none are for tfkd to refuse, which says what there is', async () => {
      tfkd.on('POST /tfk/apps/x/cron/nightly/runs', {
        status: 404,
        json: { id: 'not_found', message: 'The current release of x has no scheduled job "nightly".' },
      });
      expect(await runs('nightly')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('has no scheduled job "nightly"') as string,
      });
    });

    it('that only ran once still show their history', async () => {
      tfkd.on('GET /tfk/apps/x/cron-runs', { json: [{ ...run, job: 'dead0000', command: 'node old.js' }] });
      tfkd.on('GET /tfk/apps/x/cron/dead0000/runs', { json: [{ ...run, job: 'dead0000' }] });
      for (const name of ['dead', 'node old.js']) {
        const shown = await runCli(['cron:history', name, '-a', 'x'], { home: tfkd.home });
        expect(shown.stdout).toContain('dead0000');
      }
    });
  });
});
