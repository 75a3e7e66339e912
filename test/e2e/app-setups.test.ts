import { afterAll, expect, it } from 'vitest';
import type { AppSetup } from '../../api/app-setups.js';
import type { Source } from '../../api/sources.js';
import { entry, tar } from '../integration/build/tarball.js';
import { aSmallApp, Installation } from '../support/installation.js';

const tfk = new Installation();
afterAll(() => tfk.remove());

const FILES = aSmallApp('set up', {
  Procfile: 'web: node web.js\n',
  'seed.js': `console.log('seeding', process.env.OWN); setTimeout(() => console.log('seeded'), 2000);`,
  'app.json': JSON.stringify({
    env: { OWN: 'app.json', GIVEN: { required: true }, SECRET: { generator: 'secret' } },
    formation: { web: { quantity: 2 } },
    scripts: { postdeploy: 'node seed.js' },
    success_url: '/welcome',
  }),
});

/** As a client does it over TCP, which is what a button on a web page ends in. */
async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const reply = await fetch(`http://127.0.0.1:${tfk.running.apiPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(reply.status, await reply.clone().text()).toBeLessThan(300);
  return (await reply.json()) as T;
}

let token = '';

it('sets up an app as its app.json asks, though tfkd is killed in the middle of the postdeploy script', async () => {
  token = (await tfk.ok('auth:token')).trim();
  await expect.poll(() => tfk.running.apiPort, { timeout: 60_000 }).toBeGreaterThan(0);
  const { source_blob: at } = await ask<Source>('POST', '/sources');
  await fetch(at.put_url, {
    method: 'PUT',
    body: tar(...Object.entries(FILES).map(([name, content]) => entry({ name, content }))),
  });
  const { id } = await ask<AppSetup>('POST', '/app-setups', {
    app: { name: 'button' },
    source_blob: { url: at.get_url, version: '1a2b3c4' },
    overrides: { env: { GIVEN: 'given' } },
  });
  await expect
    .poll(() => tfk.ok('logs', '-a', 'button'), { timeout: 60_000, interval: 100 })
    .toContain('seeding app.json');
  process.kill(tfk.running.pid, 'SIGKILL');
  const setup = (): Promise<AppSetup> => ask('GET', `/app-setups/${id}`);
  await expect
    .poll(async () => (await tfk.ok('apps'), await setup()).status, { timeout: 60_000 })
    .toBe('succeeded');
  expect(await setup()).toMatchObject({
    build: { status: 'succeeded' },
    failure_message: null,
    manifest_errors: [],
    postdeploy: { exit_code: 0, output: 'seeding app.json\nseeded\n' },
    resolved_success_url: `http://button.localhost:${tfk.running.routerPort}/welcome`,
  });
  expect(JSON.parse(await tfk.ok('config', '--json', '-a', 'button'))).toMatchObject({
    OWN: 'app.json',
    GIVEN: 'given',
    SECRET: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  expect(await tfk.get('button')).toMatchObject({ status: 200, body: 'set up' });
  expect(await tfk.ok('ps', '-a', 'button')).toMatch(/web\.2/);
});
