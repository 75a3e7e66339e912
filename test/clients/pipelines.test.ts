import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

describe('Heroku’s CLI, with a pipeline', () => {
  const installation = new Installation();
  let heroku: HerokuCli;

  beforeAll(async () => {
    await installation.ok(
      'push',
      installation.source('small', aSmallApp('promoted')),
      '--name',
      'staging-app',
    );
    await installation.ok('apps:create', 'live-app');
    heroku = await HerokuCli.of(installation);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  it('makes one, adds apps, shows, renames', async () => {
    expect(
      (await heroku.succeeds('pipelines:create', 'shop', '-s', 'staging', '-a', 'staging-app')).stderr,
    ).toContain('Creating shop pipeline... done');
    expect(
      (await heroku.succeeds('pipelines:add', 'shop', '-s', 'development', '-a', 'live-app')).stderr,
    ).toContain('Adding live-app to shop pipeline as development... done');
    await heroku.ok('pipelines:update', '-s', 'production', '-a', 'live-app');
    expect(await heroku.ok('pipelines')).toMatch(/shop/);
    const info = await heroku.ok('pipelines:info', 'shop');
    expect(info).toMatch(/staging-app\s+staging/);
    expect(info).toMatch(/live-app\s+production/);
    expect(await heroku.ok('apps:info', '-a', 'live-app')).toContain('shop - production');
    await heroku.ok('pipelines:rename', 'shop', 'store');
  });

  it('promotes the very slug, with the config of its target', async () => {
    await heroku.ok('config:set', 'WHERE=live', '-a', 'live-app');
    const promoted = await heroku.succeeds('pipelines:promote', '-a', 'staging-app');
    expect(promoted.stdout + promoted.stderr).toMatch(/Promotion successful/i);
    await heroku.ok('ps:wait', '-a', 'live-app');
    await expect
      .poll(async () => (await installation.get('live-app')).body, { timeout: 60_000 })
      .toBe('promoted');
    expect(JSON.parse((await installation.get('live-app', '/env')).body)).toMatchObject({ WHERE: 'live' });
    expect(await heroku.ok('releases', '-a', 'live-app')).toMatch(/Promote staging-app v\d+/);
  });

  it('shows no difference through GitHub, and says so', async () => {
    const diff = await heroku.run('pipelines:diff', '-a', 'staging-app');
    expect(diff.code).not.toBe(0);
    expect(await installation.ok('pipelines:diff', '-a', 'staging-app')).toBeDefined();
  });

  it('takes apps out, and destroys it', async () => {
    await heroku.ok('pipelines:remove', '-a', 'live-app');
    expect(await heroku.ok('pipelines:info', 'store')).not.toContain('live-app');
    await heroku.ok('pipelines:destroy', 'store');
    expect(await heroku.ok('pipelines')).not.toContain('store');
    expect((await heroku.run('pipelines:info', 'store')).code).not.toBe(0);
  });
});
