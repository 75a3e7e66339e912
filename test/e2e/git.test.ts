import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Checkout } from '../integration/git/support.js';
import { aSmallApp, Installation } from '../support/installation.js';
import { killHard } from '../support/own-processes.js';
import { releases, said, until } from '../support/victim.js';

const tfk = new Installation();
const checkout = new Checkout();
let app: string;

beforeAll(async () => {
  await tfk.ok('apps:create', 'demo');
  await checkout.init();
  app = 'demo';
  expect(said(await tfk.tfkWith({ cwd: checkout.folder }, 'git:remote', '-a', app))).toMatch(
    /set git remote tfk/,
  );
});
afterAll(async () => {
  checkout.remove();
  await tfk.remove();
});

it('git push deploys, with no more setting up than git:remote', async () => {
  const commit = await checkout.commit(aSmallApp('one'), 'The first');
  const pushed = await checkout.git('push', 'tfk', 'main');
  expect(pushed.said).toMatch(/^remote: -----> Node\.js app detected/m);
  expect(pushed.said).toMatch(/^remote: {8}Released v2/m);
  expect(pushed.said).toMatch(/^remote: Verifying deploy\.\.\. done\./m);
  expect(pushed.code).toBe(0);
  await until(async () => (await tfk.get(app)).body, /^one$/);
  expect(await releases(tfk, app)).toContainEqual(
    expect.objectContaining({ version: 2, description: `Deploy ${commit.slice(0, 8)}` }),
  );
});

it('a build that fails, and a release command that fails, refuse the push', async () => {
  const before = await checkout.ok('rev-parse', 'HEAD');
  await checkout.commit({ 'package.json': '{ "name": ' });
  const broken = await checkout.git('push', 'tfk', 'main');
  expect(broken.said).toMatch(/^remote: .*package\.json/m);
  expect(broken.said).toMatch(/\[remote rejected\] main -> main \(pre-receive hook declined\)/);
  await checkout.commit({
    ...aSmallApp('two'),
    Procfile: 'web: node web.js\nrelease: echo migrating now; exit 3\n',
  });
  const failed = await checkout.git('push', 'tfk', 'main');
  expect(failed.said).toMatch(/^remote: Running release command/m);
  expect(failed.said).toMatch(/^remote: migrating now/m);
  expect(failed.said).toMatch(/pre-receive hook declined/);
  expect(await checkout.ok('ls-remote', 'tfk', 'refs/heads/main')).toContain(before);
  expect((await tfk.get(app)).body).toBe('one');
});

it('tfkd killed during the build: the push is refused, the build says why, the next push works', async () => {
  await checkout.commit({
    ...aSmallApp('three'),
    'package.json': JSON.stringify({
      name: 'small',
      version: '1.0.0',
      private: true,
      scripts: { build: 'sleep 600' },
    }),
  });
  const cut = checkout.begin('push', 'tfk', 'main');
  await until(() => tfk.ok('builds', '-a', app, '--json'), /"status": ?"pending"/);
  killHard(tfk.running.pid);
  expect((await cut).exitCode).not.toBe(0);
  await until(() => tfk.ok('builds', '-a', app, '--json'), /tfkd ended before this build had/);
  const [repository = ''] = readdirSync(join(tfk.home, 'git', 'repositories'));
  const objects = join(tfk.home, 'git', 'repositories', repository, 'objects');
  await until(
    () =>
      readdirSync(objects)
        .filter((name) => name.includes('incoming'))
        .join(),
    /^$/,
  );
  // The port is another one now.
  await tfk.tfkWith({ cwd: checkout.folder }, 'git:remote', '-a', app);
  await checkout.commit(aSmallApp('three'));
  expect(await checkout.git('push', 'tfk', 'main')).toMatchObject({ code: 0 });
  await until(async () => (await tfk.get(app)).body, /^three$/);
});

it('git:clone brings it back, ready to be pushed again', async () => {
  const folder = join(tfk.folder, 'copy');
  expect(await tfk.tfk('git:clone', app, folder)).toMatchObject({ code: 0 });
  const again = await checkout.git('-C', folder, 'push', 'tfk', 'main');
  expect(again).toMatchObject({ code: 0, said: expect.stringContaining('up-to-date') as string });
});
