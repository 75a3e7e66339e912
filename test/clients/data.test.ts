import { execaSync } from 'execa';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

const psql = execaSync('psql', ['--version'], { reject: false }).exitCode === 0;
/** Commands that ask the database themselves, by `psql`. */
const BY_PSQL = [
  ...['pg:bloat', 'pg:blocking', 'pg:cache-hit', 'pg:index-size', 'pg:index-usage', 'pg:locks'],
  'pg:mandelbrot',
  ...[
    'pg:long-running-queries',
    'pg:ps',
    'pg:records-rank',
    'pg:seq-scans',
    'pg:table-indexes-size',
    'pg:table-size',
  ],
  ...[
    'pg:total-index-size',
    'pg:total-table-size',
    'pg:unused-indexes',
    'pg:user-connections',
    'pg:vacuum-stats',
  ],
];

describe('Heroku’s CLI, with a database', () => {
  const installation = new Installation();
  let heroku: HerokuCli;

  beforeAll(async () => {
    await installation.ok('apps:create', 'shop');
    await installation.ok('apps:create', 'reports');
    heroku = await HerokuCli.of(installation);
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  it('shows what can be had', async () => {
    expect(await heroku.ok('addons:services')).toMatch(/postgres/);
    expect(await heroku.ok('addons:plans', 'heroku-postgresql')).toMatch(/postgres/);
    expect(await heroku.ok('addons:plans', 'heroku-redis')).toMatch(/heroku-redis:premium-0/);
    expect(await heroku.ok('addons', '-a', 'shop')).toContain('No add-ons for app shop');
  });

  it('makes, waits for, shows, attaches, renames add-ons', async () => {
    const created = await heroku.succeeds(
      'addons:create',
      'heroku-postgresql:essential-0',
      '-a',
      'shop',
      '--name',
      'main-db',
      '--wait',
    );
    expect(created.stdout + created.stderr).toMatch(/Created main-db as/);
    await heroku.ok('addons:wait', '-a', 'shop');
    expect(await heroku.ok('addons', '-a', 'shop')).toMatch(/main-db/);
    expect(await heroku.ok('addons', '--all')).toMatch(/main-db/);
    expect(await heroku.ok('addons:info', 'main-db')).toMatch(/=== main-db[\s\S]*State: +created/);
    expect(
      (await heroku.succeeds('addons:attach', 'main-db', '--as', 'SHARED', '-a', 'reports')).stderr,
    ).toContain('done');
    expect(await heroku.ok('config:get', 'SHARED_URL', '-a', 'reports')).toMatch(
      /^postgres:\/\/.*@localhost:\d+\//,
    );
    expect((await heroku.succeeds('pg:promote', 'SHARED', '-a', 'reports')).stderr).toMatch(
      /Promoting main-db to DATABASE_URL on .*done/,
    );
    expect(await heroku.ok('config:get', 'DATABASE_URL', '-a', 'reports')).toBe(
      await heroku.ok('config:get', 'SHARED_URL', '-a', 'reports'),
    );
    expect((await heroku.succeeds('addons:detach', 'SHARED', '-a', 'reports')).stderr).toContain('done');
    expect((await heroku.succeeds('addons:detach', 'DATABASE', '-a', 'reports')).stderr).toContain('done');
    await heroku.ok('addons:rename', 'main-db', 'shop-db');
    expect(await heroku.ok('addons', '-a', 'shop')).toMatch(/shop-db/);
    await heroku.ok('addons:upgrade', 'shop-db', 'heroku-postgresql:standard-0', '-a', 'shop');
    expect((await heroku.run('addons:create', 'no-such-service', '-a', 'shop')).code).not.toBe(0);
  });

  it('asks the database for its state', async () => {
    await heroku.ok('pg:wait', '-a', 'shop');
    const info = await heroku.ok('pg:info', '-a', 'shop');
    expect(info).toMatch(/=== .*URL/);
    expect(info).toMatch(/PG Version: +\d+/);
    expect(await heroku.ok('pg:credentials', '-a', 'shop')).toContain('default');
  });

  it.each([
    ['pg:credentials:url', [], 'heroku config:get DATABASE_URL'],
    ['pg:settings', [], 'heroku pg:psql -c "ALTER DATABASE'],
    ['pg:reset', ['--confirm', 'shop'], 'DROP SCHEMA public CASCADE'],
    ['pg:killall', [], 'pg_terminate_backend'],
  ])('says what to type where it has no %s', async (command, options, hint) => {
    const ran = await heroku.run(command, ...options, '-a', 'shop');
    expect(ran.code).toBe(2);
    expect(ran.stderr.replaceAll(/\s*›\s*/g, ' ')).toContain(hint);
  });

  it.skipIf(!psql)('opens psql', async () => {
    const made = await heroku.succeeds(
      'pg:psql',
      '-a',
      'shop',
      '-c',
      'create table users as select 1 as id; select id from users',
    );
    expect(made.stdout).toMatch(/id\s+-+\s+1/);
    for (const command of BY_PSQL) await heroku.ok(command, '-a', 'shop');
    await heroku.ok('pg:kill', '1', '-a', 'shop');
  });
  if (!psql) {
    process.stderr.write('Skipped: heroku pg:psql and its kin, since there is no psql on this machine.\n');
    afterAll(() => {
      for (const command of ['pg:psql', 'pg:kill', ...BY_PSQL]) heroku.cannotBeTried(command);
    });
  }

  it('backs the database up, and restores it', async () => {
    const made = await heroku.succeeds('pg:backups:capture', '-a', 'shop', '--wait-interval', '3');
    expect(made.stderr).toMatch(/Backing up .* to b001... done/);
    expect(await heroku.ok('pg:backups', '-a', 'shop')).toMatch(/b001 .*Completed/);
    expect(await heroku.ok('pg:backups:info', 'b001', '-a', 'shop')).toContain('verified');
    expect(await heroku.ok('pg:backups:url', 'b001', '-a', 'shop')).toMatch(/^https?:\/\/\S+$/m);
    const file = join(installation.home, 'latest.dump');
    await heroku.ok('pg:backups:download', 'b001', '-o', file, '-a', 'shop');
    expect(readFileSync(file).subarray(0, 5).toString()).toBe('PGDMP');
    await heroku.ok('pg:backups:restore', 'b001', 'DATABASE', '-a', 'shop', '--confirm', 'shop');
    await heroku.ok('pg:backups:schedule', 'DATABASE', '--at', '02:00 Europe/Berlin', '-a', 'shop');
    expect(await heroku.ok('pg:backups:schedules', '-a', 'shop')).toMatch(/daily at 2:00 Europe\/Berlin/);
    await heroku.ok('pg:backups:unschedule', 'DATABASE', '-a', 'shop');
    await heroku.ok('pg:backups:delete', 'b001', '-a', 'shop', '--confirm', 'shop');
    await heroku.ok('pg:credentials:rotate', '-a', 'shop', '--confirm', 'shop');
  });

  it('destroys add-ons with a confirmation only', async () => {
    expect(
      (await heroku.run('addons:destroy', 'shop-db', '-a', 'shop', '--confirm', 'reports')).code,
    ).not.toBe(0);
    expect(
      (await heroku.succeeds('addons:destroy', 'shop-db', '-a', 'shop', '--confirm', 'shop')).stderr,
    ).toMatch(/Destroying shop-db on shop... done/);
    expect(await heroku.ok('addons', '-a', 'shop')).toContain('No add-ons for app shop');
  });
});
