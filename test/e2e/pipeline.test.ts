import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation } from '../support/installation.js';

/** The pipeline end to end with the real command, daemon, router and engine; the tests build on each other, in order. */
describe('a small app', () => {
  let tfk: Installation;
  let source: string;
  beforeAll(async () => {
    tfk = new Installation();
    source = tfk.source('shop', aSmallApp('one'));
    await tfk.ok('push', source);
  });
  afterAll(() => tfk.remove());

  it('answers under its name once its push has ended', async () => {
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'one' });
    expect(await tfk.ok('apps')).toContain('shop');
  });

  it('is not built or released again when nothing changed', async () => {
    const before = await tfk.ok('releases', '--json', '-a', 'shop');
    expect(await tfk.ok('push', source)).toMatch(/Nothing changed/);
    expect(await tfk.ok('releases', '--json', '-a', 'shop')).toBe(before);
  });

  it('runs its next release after one changed line, without installing again', async () => {
    appendFileSync(join(source, 'web.js'), '// changed\n');
    const ran = await tfk.tfk('push', source);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/v3 is live/);
    expect(ran.stderr).not.toMatch(/Installing/);
  });

  it('has the environment of its release and nothing of the daemon', async () => {
    await tfk.ok('config:set', 'COLOUR=red', 'EMPTY=', '-a', 'shop');
    await expect
      .poll(
        async () => (JSON.parse((await tfk.get('shop', '/env')).body) as Record<string, string>)['COLOUR'],
        { timeout: 60_000 },
      )
      .toBe('red');
    const env = JSON.parse((await tfk.get('shop', '/env')).body) as Record<string, string>;
    expect(env).toMatchObject({
      DYNO: 'web.1',
      EMPTY: '',
      TFK_APP_NAME: 'shop',
      TFK_RELEASE_VERSION: 'v4',
      HEROKU_RELEASE_VERSION: 'v4',
    });
    expect(env).not.toHaveProperty('TFK_HOME');
  });

  it('answers with four dynos in turn after a scale', async () => {
    await tfk.ok('scale', 'web=4', 'worker=1', '-a', 'shop');
    await tfk.ok('ps:wait', '-a', 'shop');
    const dynos = await Promise.all(Array.from({ length: 24 }, () => tfk.get('shop', '/dyno')));
    await expect
      .poll(
        async () =>
          new Set(
            (await Promise.all(Array.from({ length: 24 }, () => tfk.get('shop', '/dyno')))).map(
              (answer) => answer.body,
            ),
          ).size,
        { timeout: 60_000 },
      )
      .toBe(4);
    expect(dynos.every((answer) => answer.status === 200)).toBe(true);
  });

  it('keeps its log lines, of dynos, platform and router', async () => {
    await tfk.get('shop', '/log', 'GET', { 'x-request-id': 'e2e-request-0123456789' });
    await expect
      .poll(() => tfk.ok('logs', '-n', '500', '-a', 'shop'), { timeout: 30_000 })
      .toMatch(/app\[web\.\d\]: a line \d+/);
    await expect
      .poll(() => tfk.ok('logs', '-n', '500', '-a', 'shop'), { timeout: 30_000 })
      .toMatch(
        /heroku\[router\]: at=info method=GET path="\/log" .*request_id=e2e-request-0123456789 .*status=200/,
      );
    expect(await tfk.ok('logs', '-p', 'worker', '-a', 'shop')).toMatch(/worker of v4/);
    expect(await tfk.ok('logs', '-p', 'worker', '-a', 'shop')).not.toMatch(/web\./);
  });

  it('runs one-off dynos with their own exit code, stdin and stdout', async () => {
    expect((await tfk.tfk('run', '-a', 'shop', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect(await tfk.tfkWith({ input: 'through the pipe' }, 'run', '-a', 'shop', 'echo')).toMatchObject({
      code: 0,
      stdout: 'through the pipe',
    });
    const apart = await tfk.tfk('run', '-a', 'shop', '--', 'sh', '-c', 'echo out; echo err >&2');
    expect(apart.stdout).toBe('out\n');
    expect(apart.stderr).toContain('err\n');
    expect((await tfk.tfk('run', '-a', 'shop', 'fail')).code).toBe(3);
  });

  it('rolls back to code and config of an earlier release', async () => {
    await tfk.ok('rollback', 'v3', '-a', 'shop');
    await expect
      .poll(
        async () =>
          (JSON.parse((await tfk.get('shop', '/env')).body) as Record<string, string>)['TFK_RELEASE_VERSION'],
        { timeout: 60_000 },
      )
      .toBe('v5');
    expect(await tfk.ok('config', '--json', '-a', 'shop')).not.toContain('COLOUR');
    expect(await tfk.ok('releases:diff', 'v4', 'v5', '-a', 'shop')).toMatch(/COLOUR/);
  });

  it('restarts a dyno that has crashed', async () => {
    const pid = (await tfk.get('shop', '/pid')).body;
    await tfk.get('shop', '/crash');
    await expect
      .poll(() => tfk.ok('logs', '-n', '200', '-a', 'shop'), { timeout: 30_000 })
      .toMatch(/Process exited with status 9/);
    await tfk.ok('ps:wait', '-a', 'shop');
    expect((await tfk.get('shop', '/pid')).status).toBe(200);
    expect(pid).toMatch(/^\d+$/);
  });

  it('goes on when tfkd is killed, and the next command brings tfkd back to the same dynos', async () => {
    await tfk.ok('scale', 'web=1', '-a', 'shop');
    await expect
      .poll(
        async () =>
          (JSON.parse(await tfk.ok('ps', '--json', '-a', 'shop')) as { type: string }[]).filter(
            (dyno) => dyno.type === 'web',
          ).length,
        { timeout: 60_000 },
      )
      .toBe(1);
    const pid = (await tfk.get('shop', '/pid')).body;
    process.kill(tfk.running.pid, 'SIGKILL');
    expect((await tfk.get('shop', '/pid')).body).toBe(pid);
    expect(await tfk.ok('ps', '-a', 'shop')).toContain('web.1: up');
    expect((await tfk.get('shop', '/pid')).body).toBe(pid);
  });

  it('is gone with all that belongs to it after apps:destroy', async () => {
    expect((await tfk.tfk('apps:destroy', '-a', 'shop', '--confirm', 'other')).code).not.toBe(0);
    await tfk.ok('apps:destroy', '-a', 'shop', '--confirm', 'shop');
    await expect.poll(async () => (await tfk.get('shop')).status, { timeout: 60_000 }).toBe(404);
    expect(await tfk.ok('apps')).not.toContain('shop');
  });
});

describe('what cannot work', () => {
  let tfk: Installation;
  beforeAll(async () => {
    tfk = new Installation();
    await tfk.ok('apps:create', 'bad');
  });
  afterAll(() => tfk.remove());

  const refuses = async (files: Record<string, string>, ...said: RegExp[]): Promise<void> => {
    const source = tfk.source(`bad-${Math.random().toString(36).slice(2)}`, files);
    mkdirSync(source, { recursive: true });
    const ran = await tfk.tfk('push', source, '-a', 'bad');
    expect(ran.code).toBe(1);
    for (const text of said) expect(ran.stdout + ran.stderr).toMatch(text);
    expect(JSON.parse(await tfk.ok('releases', '--json', '-a', 'bad'))).toHaveLength(1);
  };

  it('an empty folder', () => refuses({}, /empty|nothing/i));
  it('nothing that is detected', () =>
    refuses({ 'README.txt': 'hello' }, /package\.json/, /Procfile/, /README\.txt/));
  it('only a Dockerfile', () => refuses({ Dockerfile: 'FROM scratch' }, /Docker engine/));
  it('a broken Procfile line', () => refuses({ Procfile: 'web: node x\nbroken line\n' }, /line 2/));
  it('a failing build script', () =>
    refuses(
      {
        ...aSmallApp('x'),
        'package.json': JSON.stringify({
          name: 'small',
          version: '1.0.0',
          scripts: { build: 'echo about to fail && exit 4' },
        }),
      },
      /about to fail/,
      /4/,
    ));
  it('a Node that is not there', () =>
    refuses(
      {
        ...aSmallApp('x'),
        'package.json': JSON.stringify({ name: 'small', version: '1.0.0', engines: { node: '>=99' } }),
      },
      />=99/,
      /v?20|v?2\d/,
    ));

  it('a web process that binds no port, which fails the push and leaves the old release serving', async () => {
    await tfk.ok('apps:create', 'half');
    const source = tfk.source('half', aSmallApp('works'));
    await tfk.ok('push', source, '-a', 'half');
    writeFileSync(join(source, 'web.js'), 'process.exit(1)');
    const ran = await tfk.tfk('push', source, '-a', 'half');
    expect(ran.code).toBe(1);
    expect(ran.stdout + ran.stderr).toMatch(/still serves|v2/);
    expect(await tfk.get('half')).toMatchObject({ status: 200, body: 'works' });
    expect(await tfk.ok('ps', '-a', 'half')).toMatch(/crashed/);
  });

  it('a release command that fails, which leaves the old release running', async () => {
    await tfk.ok('apps:create', 'phase');
    const source = tfk.source('phase', aSmallApp('works'));
    await tfk.ok('push', source, '-a', 'phase');
    writeFileSync(join(source, 'Procfile'), 'web: node web.js\nrelease: echo migrating && exit 5\n');
    const ran = await tfk.tfk('push', source, '-a', 'phase');
    expect(ran.code).toBe(1);
    expect(ran.stdout + ran.stderr).toMatch(/migrating/);
    expect(ran.stdout + ran.stderr).toMatch(/status 5/);
    expect(await tfk.get('phase')).toMatchObject({ status: 200, body: 'works' });
    expect(await tfk.ok('releases:output', 'v3', '-a', 'phase')).toMatch(/migrating/);
  });

  it.each([
    [['ps', '-a', 'hafl'], /half/],
    [['scale', 'web=-1', '-a', 'half'], /web=-1|quantity|amount/i],
    [['scale', 'web=abc', '-a', 'half'], /web=abc/],
    [['scale', 'nosuch=1', '-a', 'half'], /nosuch/],
    [['config:set', '1A=x', '-a', 'half'], /1A/],
    [['config:set', 'A B=x', '-a', 'half'], /A B/],
    [['rollback', 'v99', '-a', 'half'], /v99/],
    [['rollback', 'v3', '-a', 'half'], /current/],
    [['ps:restart', 'web.9', '-a', 'half'], /web\.9/],
    [['puhs'], /push/],
    [['push', '--nosuch'], /nosuch/],
  ] as const)('tfk %j', async (args, said) => {
    const ran = await tfk.tfk(...args);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(said);
  });

  it('a second daemon on taken ports, which says so and which to change', async () => {
    const other = new Installation();
    const ran = await other.tfkWith({ env: { TFK_ROUTER_PORT: String(tfk.running.routerPort) } }, 'apps');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/TFK_ROUTER_PORT/);
    await other.remove();
  });
});
