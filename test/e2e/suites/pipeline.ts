import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';
import { alive } from '../../support/victim.js';

/** The pipeline end to end with the real command, daemon, router and engine; the tests build on each other, in order. */
export function describeSmallApp(engine: EngineUnderTest): void {
  describe(`a small app on the ${engine.name} engine`, () => {
    let tfk: Installation;
    let source: string;
    beforeAll(async () => {
      tfk = engine.install();
      source = tfk.source('shop', aSmallApp('one'));
      await tfk.ok('push', source);
    });
    afterAll(() => engine.remove(tfk));

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
            (JSON.parse((await tfk.get('shop', '/env')).body) as Record<string, string>)[
              'TFK_RELEASE_VERSION'
            ],
          { timeout: 60_000 },
        )
        .toBe('v5');
      expect(await tfk.ok('config', '--json', '-a', 'shop')).not.toContain('COLOUR');
      expect(await tfk.ok('releases:diff', 'v4', 'v5', '-a', 'shop')).toMatch(/COLOUR/);
    });

    it('is in maintenance, and back, as soon as that is said to be done', async () => {
      for (let round = 0; round < 3; round++) {
        await tfk.ok('maintenance:on', '-a', 'shop');
        expect((await tfk.get('shop')).status).toBe(503);
        await tfk.ok('maintenance:off', '-a', 'shop');
        expect((await tfk.get('shop')).status).toBe(200);
      }
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

    it('is gone also in the middle of a build, which is cancelled', async () => {
      const build = { name: 'doomed', version: '1.0.0', scripts: { build: 'sleep 613' } };
      const doomed = tfk.source('doomed', aSmallApp('x', { 'package.json': JSON.stringify(build) }));
      const push = tfk.tfk('push', doomed);
      const underWay = join(tfk.home, 'builds');
      await expect.poll(() => outputIn(underWay), { timeout: 60_000 }).toContain('sleep 613');
      await tfk.ok('apps:destroy', '-a', 'doomed', '--confirm', 'doomed');
      await expect
        .poll(async () => (await tfk.tfk('apps:create', 'doomed')).code, { timeout: 60_000 })
        .toBe(0);
      expect(alive('sleep 613')).toBe(false);
      expect((await push).code).toBe(1);
      expect(outputIn(underWay)).toBe('');
      expect(await engine.remains(tfk)).toEqual([]);
    });
  });
}

/** What the builds of the apps that there are have said. */
const outputIn = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
