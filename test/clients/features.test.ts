import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

const APP = 'shop';

describe('Heroku’s CLI, with features', () => {
  const installation = new Installation({ TFK_EMAIL: 'ada@example.com' });
  let heroku: HerokuCli;

  beforeAll(async () => {
    await installation.ok('push', installation.source('small', aSmallApp('hello')), '--name', APP);
    heroku = await HerokuCli.of(installation);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  it('lists and shows them', async () => {
    const features = await heroku.ok('features', '-a', APP);
    expect(features).toMatch(/^=== App Features (⬢ )?shop\n/);
    expect(features).toMatch(/^\[\+\] preboot +start new web dynos and wait until they are ready/m);
    expect(features).toMatch(/^\[ \] runtime-heroku-exec {2}/m);
    const info = await heroku.ok('features:info', 'preboot', '-a', APP);
    expect(info).toMatch(/^=== preboot\n/);
    expect(info).toMatch(/^Enabled: +true$/m);
    expect(JSON.parse(await heroku.ok('features:info', 'preboot', '-a', APP, '--json'))).toMatchObject({
      name: 'preboot',
      enabled: true,
    });
  });

  it('turns preboot off and on, after which dynos are replaced as it says', async () => {
    expect((await heroku.succeeds('features:disable', 'preboot', '-a', APP)).stderr).toMatch(
      /Disabling preboot for (⬢ )?shop\.\.\. done/,
    );
    expect(await heroku.ok('features', '-a', APP)).toMatch(/^\[ \] preboot /m);
    const again = await heroku.run('features:disable', 'preboot', '-a', APP);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('preboot is already disabled.');

    expect(await replacementOrder()).toEqual(['stop', 'start']);

    expect((await heroku.succeeds('features:enable', 'preboot', '-a', APP)).stderr).toMatch(
      /Enabling preboot for (⬢ )?shop\.\.\. done/,
    );
    expect(await replacementOrder()).toEqual(['start', 'stop']);
  });

  it('refuses what is not there or cannot be, with what to use', async () => {
    const exec = await heroku.run('features:enable', 'runtime-heroku-exec', '-a', APP);
    expect(exec.code).toBe(2);
    expect(exec.stderr.replace(/\s+(›|»)?\s*/g, ' ')).toContain('heroku run:inside web.1 bash -a shop');
    expect(exec.stderr).toContain('Error ID: invalid_params');
    const unknown = await heroku.run('features:info', 'prebot', '-a', APP);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/Did you mean preboot\?[^]*Error ID: not_found/);
  });

  it('finds the app’s by labs too, since an account has none', async () => {
    const labs = await heroku.ok('labs', '-a', APP);
    expect(labs).toMatch(/^=== User Features ada@example\.com\n/);
    expect(labs).toMatch(/^=== App Features (⬢ )?shop\n/m);
    expect(labs).toMatch(/^\[\+\] runtime-dyno-metadata {2}/m);
    expect(await heroku.ok('labs:info', 'runtime-dyno-metadata', '-a', APP)).toMatch(/^Enabled: +true$/m);
    expect((await heroku.succeeds('labs:enable', 'runtime-dyno-metadata', '-a', APP)).stderr).toMatch(
      /Enabling runtime-dyno-metadata for (⬢ )?shop\.\.\. done/,
    );
    const refused = await heroku.run('labs:disable', 'runtime-dyno-metadata', '-a', APP);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/always\s+(›\s+)?on here/);
    expect((await heroku.succeeds('labs:disable', 'preboot', '-a', APP)).stderr).toMatch(
      /Disabling preboot for (⬢ )?shop\.\.\. done/,
    );
    expect(await heroku.ok('features', '-a', APP)).toMatch(/^\[ \] preboot /m);
    await heroku.ok('labs:enable', 'preboot', '-a', APP);
    const ofNobody = await heroku.run('labs:info', 'preboot');
    expect(ofNobody.code).toBe(2);
    expect(ofNobody.stderr).toMatch(/each app\s+(›\s+)?has its own/);
  });

  /** What the app's log says, after a change of config, of web.1: whether the old one was stopped before the new one was started. */
  async function replacementOrder(): Promise<string[]> {
    const lines = async () =>
      (await installation.ok('logs', '--source', 'heroku', '-n', '500', '-a', APP))
        .split('\n')
        .filter((line) => /heroku\[web\.1\]: (Starting process|Stopping process|Process exited)/.test(line));
    const before = (await lines()).length;
    await installation.ok('config:set', `CHANGED=${before}`, '-a', APP);
    const words = async () =>
      (await lines())
        .slice(before)
        .flatMap((line) => (line.includes('Starting') ? 'start' : line.includes('exited') ? 'stop' : []));
    await expect.poll(async () => (await words()).length, { timeout: 60_000 }).toBe(2);
    return words();
  }
});
