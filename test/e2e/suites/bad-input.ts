import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Build } from '../../../api/builds.js';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';
import {
  alive,
  aTakenPort,
  json,
  releases,
  said,
  SHORT,
  until,
  Victim,
  withBuild,
} from '../../support/victim.js';

/** What goes wrong in builds and dynos, and so on an engine; `more`: the cases in which the engine has no part. */
export function describeBadInput(engine: EngineUnderTest, more?: (tfk: () => Installation) => void): void {
  describe(`bad input on the ${engine.name} engine`, () => {
    let tfk: Installation;
    beforeAll(async () => {
      tfk = engine.install(SHORT);
      await tfk.ok('apps:create', 'empty');
    });
    afterAll(() => engine.remove(tfk));

    describe('of sources', () => {
      it('ends a build that hangs with all that it started, though it ignores SIGTERM', async () => {
        const hang = `trap '' TERM; (setsid sleep 98765 &); sleep 98765`;
        const ran = await tfk.tfk('push', tfk.source('hang', withBuild(hang)), '-a', 'empty');
        expect(ran.code).toBe(1);
        expect(said(ran)).toMatch(/took longer than 10 s and was ended/);
        expect(alive('sleep 98765')).toBe(false);
        expect(await releases(tfk, 'empty')).toHaveLength(1);
      });

      it('ends a build that writes 1 GB of log, keeps little of it, and answers others meanwhile', async () => {
        const source = tfk.source('flood', withBuild('yes "$(printf %04000d 0)" | head -c 1000000000'));
        const push = tfk.tfk('push', source, '-a', 'empty');
        const began = Date.now();
        await tfk.ok('ps', '-a', 'empty');
        expect(Date.now() - began).toBeLessThan(10_000);
        const ran = await push;
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(/printed more than 100 MB and was ended/);
        expect(said(ran).length).toBeLessThan(11 * 1024 * 1024);
      });

      it('shows why an install failed', async () => {
        const manifest = { name: 'small', version: '1.0.0', dependencies: { missing: 'file:./not-here' } };
        const source = tfk.source('install', aSmallApp('x', { 'package.json': JSON.stringify(manifest) }));
        const ran = await tfk.tfk('push', source, '-a', 'empty');
        expect(ran.code).toBe(1);
        expect(said(ran)).toMatch(
          /npm ci[^]*npm error[^]*Installing dependencies: `npm ci.*` exited with status 1/,
        );
      });
    });

    describe('of running', () => {
      let victim: Victim;
      beforeAll(async () => {
        victim = await Victim.create(tfk, 'victim');
      });

      it('says 127 for a command that does not exist', async () => {
        const ran = await tfk.tfk('run', '-a', 'victim', 'no-such-command');
        expect(ran.code).toBe(127);
        expect(said(ran)).toMatch(/no-such-command: not found/);
      });

      it('ends a web that never binds with R10, while the old release serves', async () => {
        const ran = await victim.push({ 'web.js': 'setInterval(() => {}, 1000)' });
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(/R10[^]*v2 still serves/);
        expect(await victim.log()).toMatch(/R10 \(Boot timeout\).*within 4 seconds/);
        await victim.stillWorks();
      });

      it('names the port on which a web listens instead, also in the log', async () => {
        const { port, free } = await aTakenPort();
        free();
        const ran = await victim.push({ 'web.js': `require('node:http').createServer().listen(${port})` });
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(new RegExp(`listens on ${port} instead of \\$PORT`));
        expect(await victim.log()).toMatch(new RegExp(`heroku\\[web\\.1\\]: .*listens on ${port} instead`));
        await victim.stillWorks();
      });

      it('refuses a rollback to a failed and to a missing release', async () => {
        expect((await victim.push({ Procfile: 'web: node web.js\nrelease: exit 4\n' })).code).toBe(1);
        const [failed] = await releases(tfk, 'victim');
        const before = await releases(tfk, 'victim');
        const ran = await tfk.tfk('rollback', `v${failed?.version ?? 0}`, '-a', 'victim');
        expect(ran).toMatchObject({ code: 1 });
        expect(ran.stderr).toMatch(/failed, so there is nothing to go back to\. Nothing was changed/);
        expect((await tfk.tfk('rollback', 'v99', '-a', 'victim')).code).toBe(1);
        expect(await releases(tfk, 'victim')).toEqual(before);
        await victim.stillWorks();
      });

      it('ends a release command that hangs, at its time limit', async () => {
        const ran = await victim.push({ Procfile: 'web: node web.js\nrelease: sleep 87654\n' });
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(/release command took longer than 6 seconds/);
        expect(alive('sleep 87654')).toBe(false);
        await victim.stillWorks();
      });

      it('ends a release command that hangs by ps:stop, and says who did', async () => {
        const push = victim.push({ Procfile: 'web: node web.js\nrelease: sleep 76543\n' });
        await until(async () => tfk.ok('ps', '-a', 'victim'), /release\.\d+ .*up/);
        const [newest] = await releases(tfk, 'victim');
        await tfk.ok('ps:stop', `release.${newest?.version ?? 0}`, '-a', 'victim');
        const ran = await push;
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(/release command was stopped by a user/);
        await victim.stillWorks();
      });

      it('starts a web again that binds and dies, and tells the next try', async () => {
        const dies = `require('node:http').createServer().listen(process.env.PORT, () => setTimeout(() => process.exit(3), 300))`;
        await victim.push({ Procfile: 'web: node web.js\n', 'web.js': dies });
        await until(
          () => tfk.ok('ps', '-a', 'victim'),
          /web\.1: crashed .*exited with status 3; next try in/,
        );
      });

      it('kills a dyno that ignores SIGTERM with R12', async () => {
        const stubborn = `process.on('SIGTERM', () => {}); require('node:http').createServer((q, r) => r.end('works')).listen(process.env.PORT)`;
        expect(await victim.push({ 'web.js': stubborn })).toMatchObject({ code: 0 });
        await tfk.ok('ps:restart', 'web', '-a', 'victim');
        await until(() => victim.log(), /R12 \(Exit timeout\).*within 2 seconds of SIGTERM[^]*status 137/);
        await victim.stillWorks();
      });
    });

    it('ends a build as failed when tfkd is killed in it, and the next push works', async () => {
      await tfk.ok('apps:create', 'killed');
      const source = tfk.source('killed', { ...withBuild('sleep 2'), extra: 'killed' });
      const push = tfk.tfk('push', source, '-a', 'killed');
      await until(() => tfk.ok('builds', '-a', 'killed'), /running/);
      process.kill(tfk.running.pid, 'SIGKILL');
      const ran = await push;
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/tfkd ended before this build had: push again/);
      expect((await json<Build[]>(tfk, 'builds', '-a', 'killed')).map((build) => build.status)).toEqual([
        'failed',
      ]);
      expect(await tfk.tfk('push', source, '-a', 'killed')).toMatchObject({ code: 0 });
      expect(await tfk.get('killed')).toMatchObject({ body: 'built' });
    });
    more?.(() => tfk);
  });
}
