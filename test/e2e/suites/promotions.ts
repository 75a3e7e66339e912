import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Release } from '../../../api/releases.js';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';

/** A release command that tells where it runs, and takes long enough to be killed in. */
const FILES = {
  Procfile: 'web: node web.js\nrelease: node release.js\n',
  'release.js': `console.log('migrating', process.env.STAGE); setTimeout(() => process.exit(0), 2000);`,
};

/** A promotion with the real command, daemon and engine; the tests build on each other, in order. */
export function describePromotion(engine: EngineUnderTest): void {
  describe(`a promotion on the ${engine.name} engine`, () => {
    let tfk: Installation;
    beforeAll(async () => {
      tfk = engine.install();
      for (const app of ['shop-staging', 'shop', 'shop-eu']) {
        await tfk.ok('apps:create', app);
        await tfk.ok('config:set', `STAGE=${app}`, '-a', app);
      }
      await tfk.ok('push', tfk.source('shop', aSmallApp('one', FILES)), '-a', 'shop-staging');
      await tfk.ok('pipelines:create', 'shop', '-s', 'staging', '-a', 'shop-staging');
      await tfk.ok('pipelines:add', 'shop', '-s', 'production', '-a', 'shop');
    });
    afterAll(() => engine.remove(tfk));

    const newest = async (app: string): Promise<Release | undefined> =>
      (JSON.parse(await tfk.ok('releases', '--json', '-n', '1', '-a', app)) as Release[])[0];
    const answers = (app: string) =>
      expect
        .poll(async () => (await tfk.get(app, '/env')).body, { timeout: 60_000 })
        .toContain(`"STAGE":"${app}"`);

    it('runs the release command there, and the same slug with its own config, without a build', async () => {
      const ran = await tfk.tfk('pipelines:promote', '-a', 'shop-staging');
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^shop:\s+succeeded$/m) as string });
      expect(ran.stderr).toMatch(/Running release command\.\.\.\nmigrating shop\n/);
      await answers('shop');
      expect(await tfk.ok('builds', '--json', '-a', 'shop')).toBe('[]\n');
      expect(await tfk.ok('pipelines:diff', '-a', 'shop-staging')).toContain(
        '⬢ shop runs what ⬢ shop-staging runs',
      );
    });

    it('goes on when tfkd is killed in the middle, and releases once', async () => {
      await tfk.ok('pipelines:add', 'shop', '-s', 'production', '-a', 'shop-eu');
      const promote = tfk.begin('pipelines:promote', '-a', 'shop-staging');
      await expect
        .poll(async () => (await newest('shop-eu'))?.status, { timeout: 60_000, interval: 50 })
        .toBe('pending');
      process.kill(tfk.running.pid, 'SIGKILL');
      promote.kill();
      for (const app of ['shop', 'shop-eu']) {
        await expect.poll(async () => (await newest(app))?.status, { timeout: 60_000 }).toBe('succeeded');
      }
      expect(await newest('shop-eu')).toMatchObject({ version: 3, current: true });
      expect(await newest('shop')).toMatchObject({ version: 4, current: true });
      await answers('shop-eu');
    });

    it('outlives the app that was promoted', async () => {
      await tfk.ok('apps:destroy', '-a', 'shop-staging', '--confirm', 'shop-staging');
      await expect.poll(() => tfk.ok('apps'), { timeout: 60_000 }).not.toContain('shop-staging');
      await tfk.ok('config:set', 'MORE=1', '-a', 'shop');
      await expect.poll(async () => (await newest('shop'))?.status, { timeout: 60_000 }).toBe('succeeded');
      await expect
        .poll(async () => (await tfk.get('shop', '/env')).body, { timeout: 60_000 })
        .toContain('"MORE":"1"');
      expect(await tfk.ok('pipelines:info', 'shop')).toMatch(/shop-eu +production/);
    });
  });
}
