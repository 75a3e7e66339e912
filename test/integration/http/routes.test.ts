import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App, Build, Dyno, Formation, Release } from '../../../api/index.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
let inject: (request: InjectOptions) => Promise<LightMyRequestResponse>;
beforeEach(async () => {
  bench = await openBench();
  const { app } = bench.server();
  inject = (request) => app.inject(request);
});
afterEach(() => bench.close());

const get = (url: string, headers: Record<string, string> = {}) => inject({ method: 'GET', url, headers });
const post = (url: string, payload: object = {}) => inject({ method: 'POST', url, payload });
const patch = (url: string, payload: object) => inject({ method: 'PATCH', url, payload });
const del = (url: string) => inject({ method: 'DELETE', url });

describe('apps', () => {
  it('are made with a name or without, listed, changed and destroyed', async () => {
    const created = await post('/apps', { name: 'users-api' });
    expect(created.statusCode).toBe(201);
    expect(created.json<App>()).toMatchObject({
      name: 'users-api',
      owner: { email: ACTOR },
      generation: { name: 'cedar' },
      slug_size: null,
      repo_size: null,
      web_url: 'http://users-api.localhost:8080/',
    });
    const invented = await inject({
      method: 'POST',
      url: '/apps',
      headers: { 'content-type': 'application/json' },
    });
    expect(invented.json<App>().name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    expect((await get('/apps')).json()).toHaveLength(2);
    expect((await get('/users/~/apps')).json()).toHaveLength(2);
    const { id } = created.json<App>();
    expect((await patch(`/apps/${id}`, { name: 'people', maintenance: true })).json()).toMatchObject({
      id,
      name: 'people',
      maintenance: true,
    });
    expect((await del('/apps/people')).json<App>().id).toBe(id);
    expect((await get('/apps/people')).statusCode).toBe(404);
  });

  it('that are not there are answered with what may have been meant', async () => {
    await post('/apps', { name: 'users-api' });
    const reply = await get('/apps/user-api', { accept: 'application/vnd.heroku+json; version=3.tfk' });
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toEqual({
      id: 'not_found',
      message: 'There is no app "user-api".',
      hint: 'Did you mean users-api?',
      resource: 'app',
      suggestions: ['users-api'],
    });
    expect((await get('/apps/user-api')).json()).toEqual({
      id: 'not_found',
      message: 'There is no app "user-api". Did you mean users-api?',
      resource: 'app',
      suggestions: ['users-api'],
    });
  });

  it('take no region or stack but this one', async () => {
    expect((await post('/apps', { name: 'one-app', region: 'us', stack: 'heroku-24' })).statusCode).toBe(201);
    const refused = await post('/apps', { name: 'two-app', region: 'mars' });
    expect([refused.statusCode, refused.json<{ id: string }>().id]).toEqual([422, 'invalid_params']);
    expect((await get('/apps/two-app')).statusCode).toBe(404);
  });
});

describe('config vars and releases', () => {
  it('make a release per change, none for the same value again, and roll back', async () => {
    await bench.pushedApp('users-api');
    const set = await patch('/apps/users-api/config-vars', { A: '1', B: 'zwei\nDrei ✓' });
    expect(set.json()).toEqual({ A: '1', B: 'zwei\nDrei ✓' });
    await patch('/apps/users-api/config-vars', { A: '1' });
    await patch('/apps/users-api/config-vars', { A: '2', B: null });
    expect((await get('/apps/users-api/config-vars')).json()).toEqual({ A: '2' });
    expect((await get('/apps/users-api/releases/3/config-vars')).json()).toEqual({
      A: '1',
      B: 'zwei\nDrei ✓',
    });
    const list = await get('/apps/users-api/releases', { range: 'version ..; max=2, order=desc' });
    expect(list.statusCode).toBe(206);
    expect(list.headers['next-range']).toBe('version ]3..; max=2, order=desc');
    expect(list.json<Release[]>().map(({ version, current }) => [version, current])).toEqual([
      [4, true],
      [3, false],
    ]);
    const target = (await get('/apps/users-api/releases/v3')).json<Release>();
    const rolled = await post('/apps/users-api/releases', { release: target.id });
    expect(rolled.statusCode).toBe(201);
    expect(rolled.json()).toMatchObject({ version: 5, current: true, description: 'Rollback to v3' });
    expect((await get('/apps/users-api/config-vars')).json()).toEqual({ A: '1', B: 'zwei\nDrei ✓' });
  });

  it('refuse a rollback to what is no release, and a request that names nothing', async () => {
    await bench.pushedApp('users-api');
    const missing = await post('/apps/users-api/releases', { release: 99 });
    expect(missing.statusCode).toBe(404);
    expect(missing.json<{ message: string }>().message).toContain('v1 to v2: heroku releases -a users-api');
    expect((await post('/apps/users-api/releases', {})).statusCode).toBe(422);
    expect((await post('/apps/users-api/releases', { release: 'v2' })).statusCode).toBe(422);
  });

  it('never show a release of another app', async () => {
    await bench.pushedApp('users-api');
    await bench.pushedApp('billing');
    const foreign = (await get('/apps/billing/releases/2')).json<Release>();
    expect((await get(`/apps/users-api/releases/${foreign.id}`)).statusCode).toBe(404);
    expect((await post('/apps/users-api/releases', { release: foreign.id })).statusCode).toBe(404);
    expect((await post('/apps/users-api/releases', { slug: foreign.slug?.id })).statusCode).toBe(404);
    expect((await get(`/apps/users-api/slugs/${foreign.slug?.id ?? ''}`)).statusCode).toBe(404);
  });

  it('tell what one release changed against another, without values', async () => {
    await bench.pushedApp('users-api');
    await patch('/apps/users-api/config-vars', { SECRET: 'correct-horse-battery' });
    const diff = await get('/tfk/apps/users-api/releases/v2/diff/v3');
    expect(diff.json()).toMatchObject({
      from: 2,
      to: 3,
      config: [{ key: 'SECRET', change: 'added', from: null }],
    });
    expect(diff.body).not.toContain('correct-horse');
  });

  it('tell how far a release has come', async () => {
    await bench.pushedApp('users-api');
    const rollout = await get('/tfk/apps/users-api/rollout?release=2&wait=1');
    expect(rollout.json()).toMatchObject({
      status: 'live',
      release: 2,
      types: [{ type: 'web', ready: 1, wanted: 1 }],
    });
    expect((await get('/tfk/apps/users-api/rollout?release=two')).statusCode).toBe(422);
  });
});

describe('the engine of an app', () => {
  it('is told, and changed to another one', async () => {
    await post('/apps', { name: 'users-api' });
    const url = '/tfk/apps/users-api/engine';
    expect((await get(url)).json()).toEqual({ engine: 'process', running_on: null, engines: ['process'] });
    const moved = await patch(url, { engine: 'docker' });
    expect(moved.json()).toMatchObject({ engine: 'docker', running_on: null, build: null });
    expect((await get(url)).json()).toMatchObject({ engine: 'docker' });
  });

  it('is not changed by what is no engine', async () => {
    await post('/apps', { name: 'users-api' });
    for (const body of [{}, { engine: null }, { engine: 7 }])
      expect((await patch('/tfk/apps/users-api/engine', body)).statusCode).toBe(422);
    expect((await get('/tfk/apps/nobody/engine')).statusCode).toBe(404);
    expect((await get('/tfk/apps/users-api/engine')).json()).toMatchObject({ engine: 'process' });
  });
});

describe('formation', () => {
  it("takes quantities and sizes as Heroku's clients send them, all or nothing", async () => {
    await bench.pushedApp('users-api');
    const scaled = await patch('/apps/users-api/formation', {
      updates: [
        { type: 'web', quantity: '+1' },
        { type: 'worker', quantity: '2', size: 'standard-2x' },
      ],
    });
    expect(scaled.json<Formation[]>().map(({ type, quantity, size }) => [type, quantity, size])).toEqual([
      ['web', 2, 'Standard-1X'],
      ['worker', 2, 'Standard-2X'],
    ]);
    const one = await patch('/apps/users-api/formation/web', {
      quantity: 3,
      dyno_size: { name: 'standard-2x' },
    });
    expect(one.json()).toMatchObject({ quantity: 3, size: 'Standard-2X', command: 'node web.js' });
    const refused = await patch('/apps/users-api/formation', {
      updates: [
        { type: 'web', quantity: 9 },
        { type: 'wroker', quantity: 1 },
      ],
    });
    expect(refused.statusCode).toBe(404);
    expect(refused.json()).toMatchObject({
      message: expect.stringMatching(/ Did you mean worker\?$/) as string,
      suggestions: ['worker'],
    });
    expect((await get('/apps/users-api/formation/web')).json<Formation>().quantity).toBe(3);
  });

  it.each([-1, 'abc', 1.5, true, null])('refuses %j dynos by the name of the field', async (quantity) => {
    await bench.pushedApp('users-api');
    const refused = await patch('/apps/users-api/formation', { updates: [{ type: 'web', quantity }] });
    expect(refused.statusCode).toBe(422);
    expect(refused.json<{ message: string }>().message).toContain('updates.0.quantity');
    expect((await get('/apps/users-api/formation/web')).json<Formation>().quantity).toBe(1);
  });

  it('lists the release command, by which clients know of it, and gives it no dynos', async () => {
    await bench.pushedApp('users-api', { web: 'node web.js', release: 'npm run migrate' });
    expect((await get('/apps/users-api/formation/release')).json()).toMatchObject({ quantity: 0 });
    const refused = await patch('/apps/users-api/formation', { updates: [{ type: 'release', quantity: 1 }] });
    expect(refused.statusCode).toBe(422);
    expect(refused.json()).toMatchObject({
      message: expect.stringContaining('runs once before each release') as string,
    });
  });
});

describe('dynos', () => {
  it('are listed by type and number, with why they are as they are', async () => {
    const app = await bench.pushedApp('users-api');
    for (const name of ['web.10', 'web.2', 'clock.1']) bench.dyno(app, name);
    const names = (await get('/apps/users-api/dynos')).json<Dyno[]>().map(({ name }) => name);
    expect(names).toEqual(['clock.1', 'web.2', 'web.10']);
    expect((await get('/tfk/apps/users-api/dynos')).json()).toMatchObject([
      { ready: true, reason: null },
      {},
      {},
    ]);
    expect((await get('/apps/users-api/dynos/web.3')).json()).toMatchObject({
      id: 'not_found',
      suggestions: ['web.2', 'web.10'],
    });
  });

  it('are restarted and stopped: all, a type, or one', async () => {
    const app = await bench.pushedApp('users-api');
    const { instance } = bench.dyno(app, 'web.1');
    const replies = [
      await del('/apps/users-api/dynos'),
      await del(`/apps/users-api/dynos/${instance}`),
      await del('/apps/users-api/dynos/web'),
      await del('/apps/users-api/formations/web'),
      await del('/apps/users-api/formation/worker'),
      await post('/apps/users-api/formations/web/actions/stop'),
      await inject({ method: 'POST', url: '/apps/users-api/dynos/web.1/actions/stop' }),
    ];
    expect(replies.map(({ statusCode, body }) => [statusCode, body])).toEqual(replies.map(() => [202, '{}']));
    const web = { kind: 'type', type: 'web' };
    const web1 = { kind: 'dyno', name: 'web.1' };
    expect(bench.asked.restarts).toEqual([{ kind: 'all' }, web1, web, web, { kind: 'type', type: 'worker' }]);
    expect(bench.asked.stops).toEqual([web, web1]);
    expect((await del('/apps/users-api/formations/wbe')).statusCode).toBe(404);
  });

  it('are made for one command, detached or to be attached to', async () => {
    await bench.pushedApp('users-api');
    const detached = await post('/apps/users-api/dynos', {
      command: 'echo hi',
      attach: false,
      env: { TERM: 'xterm' },
    });
    expect(detached.statusCode).toBe(201);
    expect(detached.json<Dyno>()).toMatchObject({ attach_url: null, state: 'starting', type: 'run' });
    const attached = await post('/apps/users-api/dynos', {
      command: 'bash',
      attach: true,
      env: { COLUMNS: 80, LINES: 24 },
      time_to_live: 60,
      size: 'basic',
    });
    expect(attached.json<Dyno>().attach_url).toMatch(/^tfk\+attach:\/tfk\/attach\/[\w-]{43}$/);
    expect(bench.asked.oneOffs).toMatchObject([
      { command: 'echo hi', attached: false, terminal: null, size: null, type: null, timeLimitMs: null },
      {
        attached: true,
        terminal: { columns: 80, rows: 24 },
        timeLimitMs: 60_000,
        size: 'basic',
        actor: ACTOR,
      },
    ]);
  });

  it('can be entered', async () => {
    const app = await bench.pushedApp('users-api');
    bench.dyno(app, 'web.1');
    const ours = await post('/tfk/apps/users-api/dynos/web.1/exec', { command: 'sh' });
    const herokus = await post('/apps/users-api/dynos/web.1', { command: 'sh', env: { TERM: 'xterm' } });
    for (const reply of [ours, herokus]) {
      expect(reply.statusCode).toBe(201);
      expect(reply.json<{ attach_url: string }>().attach_url).toMatch(/^tfk\+attach:/);
    }
  });
});

describe('sources and builds', () => {
  it('go from the upload to the build and its output', async () => {
    await bench.pushedApp('users-api');
    const source = (await post('/sources')).json<{ source_blob: { get_url: string; put_url: string } }>();
    const { get_url, put_url } = source.source_blob;
    const put = await inject({
      method: 'PUT',
      url: put_url,
      payload: Buffer.from('tar'),
      headers: { 'content-type': '' },
    });
    expect(put.statusCode).toBe(200);
    expect([...bench.asked.received.values()].map(String)).toEqual(['tar']);
    expect((await get(get_url)).body).toBe('tar');
    expect((await post('/tfk/plans', { source_blob: { url: get_url } })).json()).toMatchObject({
      planner: 'node',
      default_process_types: { web: 'npm start' },
    });
    const created = await post('/apps/users-api/builds', {
      source_blob: { url: get_url, version: '1a2b3c4' },
    });
    expect(created.statusCode).toBe(201);
    const build = created.json<Build>();
    expect(build).toMatchObject({
      status: 'pending',
      queue_position: 0,
      message: null,
      unchanged: false,
      release: null,
    });
    const output = await get(build.output_stream_url);
    expect(output.headers['content-type']).toContain('text/plain');
    expect(output.body).toBe('-----> Node.js app detected\n-----> Done\n');
    expect((await del(`/apps/users-api/builds/${build.id}`)).json()).toMatchObject({
      status: 'failed',
      message: 'Cancelled.',
    });
    expect(
      (await get('/apps/users-api/builds', { range: 'created_at ..; max=15, order=desc' })).json(),
    ).toHaveLength(1);
  });

  it('of nothing are refused', async () => {
    await bench.pushedApp('users-api');
    const url = '/tfk/sources/unknown';
    expect((await post('/apps/users-api/builds', { source_blob: { url } })).statusCode).toBe(404);
    expect((await inject({ method: 'PUT', url, payload: 'x' })).statusCode).toBe(404);
    expect(
      (await post('/apps/users-api/builds', { source_blob: {} })).json<{ message: string }>().message,
    ).toBe('source_blob.url is missing.');
    expect((await get('/tfk/builds/unknown/output')).statusCode).toBe(404);
    expect((await get('/apps/users-api/builds/unknown')).statusCode).toBe(404);
  });
});

describe('domains', () => {
  it("begin with the app's own, which is not removed", async () => {
    await bench.pushedApp('users-api');
    expect(
      (await post('/apps/users-api/domains', { hostname: 'www.example.com', sni_endpoint: null })).statusCode,
    ).toBe(201);
    const list = await get('/apps/users-api/domains', { range: 'hostname ..; max=1000;' });
    expect(
      list.json<{ hostname: string; kind: string }[]>().map(({ hostname, kind }) => [hostname, kind]),
    ).toEqual([
      ['users-api.localhost', 'heroku'],
      ['www.example.com', 'custom'],
    ]);
    expect((await get('/apps/users-api/domains/users-api.localhost')).statusCode).toBe(200);
    expect((await del('/apps/users-api/domains/users-api.localhost')).statusCode).toBe(404);
    expect((await del('/apps/users-api/domains/www.example.com')).statusCode).toBe(200);
  });
});

describe('add-ons', () => {
  it('are made, found in every way that clients know, attached and destroyed', async () => {
    await bench.pushedApp('users-api');
    await bench.pushedApp('billing');
    const created = await post('/apps/users-api/addons', { plan: 'postgres' });
    expect(created.statusCode).toBe(201);
    const { name, id } = created.json<{ name: string; id: string }>();
    expect(created.json()).toMatchObject({
      state: 'provisioned',
      config_vars: ['DATABASE_URL'],
      plan: { name: 'heroku-postgresql:local', price: { cents: 0 } },
      addon_service: { name: 'heroku-postgresql' },
      app: { name: 'users-api' },
    });
    for (const reference of [name, id, 'DATABASE', 'DATABASE_URL', 'postgres', 'heroku-postgresql']) {
      const resolved = await post('/actions/addons/resolve', { addon: reference, app: 'users-api' });
      expect(resolved.json<{ id: string }[]>().map((addon) => addon.id)).toEqual([id]);
    }
    expect((await get(`/tfk/apps/users-api/addons/${name}`)).json()).toMatchObject({
      facts: [
        ['Plan', 'postgres:local'],
        ['Status', 'Available'],
      ],
      local_address: { host: '127.0.0.1', port: 23_456 },
    });
    const attached = await post('/addon-attachments', { addon: name, app: 'billing', name: 'USERS_DB' });
    expect(attached.statusCode).toBe(201);
    const resolved = await post('/actions/addon-attachments/resolve', {
      addon_attachment: 'USERS_DB_URL',
      app: 'billing',
    });
    expect(resolved.json()).toMatchObject([
      { name: 'USERS_DB', config_vars: ['USERS_DB_URL'], addon: { id } },
    ]);
    expect((await get('/addon-attachments')).json()).toHaveLength(2);
    const foreign = await del(`/apps/billing/addons/${name}`);
    expect([foreign.statusCode, foreign.json<{ message: string }>().message]).toEqual([
      403,
      `${name} belongs to users-api. Nothing was changed. Detach it here (heroku addons:detach), or destroy it there: ` +
        `heroku addons:destroy ${name} -a users-api`,
    ]);
    const shared = await del(`/apps/users-api/addons/${name}`);
    expect([shared.statusCode, shared.json<{ message: string }>().message]).toEqual([
      409,
      `${name} is attached to billing too. Nothing was changed. Detach it there (heroku addons:detach), or take it from ` +
        'them all with --force.',
    ]);
    expect((await del('/addon-attachments/billing::USERS_DB')).statusCode).toBe(200);
    expect((await del(`/apps/users-api/addons/${name}`)).json()).toMatchObject({ state: 'deprovisioned' });
    expect((await get('/addons')).json()).toEqual([]);
  });

  it('are attached by references of every kind, renamed and given another plan', async () => {
    await bench.pushedApp('users-api');
    const billing = await bench.pushedApp('billing');
    const { name, id } = (await post('/apps/users-api/addons', { plan: { name: 'postgres' } })).json<{
      name: string;
      id: string;
    }>();
    for (const [attachment, addon, app] of [
      ['A', { name }, { name: 'billing' }],
      ['B', { id }, { id: billing.id }],
      ['C', id, 'billing'],
    ])
      expect((await post('/addon-attachments', { addon, app, name: attachment })).statusCode).toBe(201);
    const unnamed = await post('/addon-attachments', { addon: {}, app: 'billing' });
    expect([unnamed.statusCode, unnamed.json<{ message: string }>().message]).toEqual([
      422,
      'addon names nothing: it needs an id or a name.',
    ]);
    const credential = { addon: name, app: 'billing', namespace: 'credential:reader' };
    expect((await post('/addon-attachments', credential)).statusCode).toBe(422);
    const renamed = await patch(`/apps/users-api/addons/${id}`, { name: 'main-db' });
    expect(renamed.json()).toMatchObject({ id, name: 'main-db' });
    const upgraded = await patch('/apps/users-api/addons/main-db', { plan: { name: 'postgres:standard-0' } });
    expect(upgraded.json()).toMatchObject({ plan: { name: 'heroku-postgresql:standard-0' } });
    expect((await patch('/apps/billing/addons/main-db', { name: 'stolen' })).statusCode).toBe(403);
    expect((await get('/users/~/addons')).json()).toHaveLength(1);
    expect((await get(`/addons/${id}/config`)).json()).toEqual([{ name: 'DATABASE_URL', value: null }]);
  });

  it('that fit a name in more than one way are told apart', async () => {
    await bench.pushedApp('users-api');
    await post('/apps/users-api/addons', { plan: 'postgres', name: 'first-db' });
    const second = { plan: 'postgres', name: 'second-db', attachment: { name: 'OTHER' } };
    await post('/apps/users-api/addons', second);
    const many = await post('/actions/addons/resolve', { addon: 'heroku-postgresql', app: 'users-api' });
    expect([many.statusCode, many.json<{ id: string; suggestions: string[] }>()]).toMatchObject([
      422,
      { id: 'multiple_matches', suggestions: ['first-db', 'second-db'] },
    ]);
    const one = await post('/actions/addons/resolve', { addon: 'users-api::OTHER', app: null });
    expect(one.json()).toMatchObject([{ name: 'second-db' }]);
    await post('/addon-attachments', { addon: 'first-db', app: 'users-api', name: 'AGAIN' });
    const twice = { addon_attachment: 'first-db', app: 'users-api' };
    expect((await post('/actions/addon-attachments/resolve', twice)).json()).toMatchObject([
      { name: 'DATABASE' },
      { name: 'AGAIN' },
    ]);
    expect((await get('/apps/users-api/addon-attachments/first-db')).statusCode).toBe(422);
  });

  it('that are databases are described as on the host of Heroku for them', async () => {
    await bench.pushedApp('users-api');
    const created = await post('/apps/users-api/addons', { plan: 'postgres', name: 'main-db' });
    const { id, created_at } = created.json<{ id: string; created_at: string }>();
    const info = (await get(`/client/v11/databases/${id}`)).json<{
      info: { name: string; values: string[] }[];
    }>();
    const shown = Object.fromEntries(info.info.map(({ name, values }) => [name, values.join()]));
    expect(shown).toMatchObject({
      Plan: 'local',
      Status: 'Available',
      Created: created_at.slice(0, 16).replace('T', ' '),
      'Continuous Protection': 'Off',
    });
    expect((await get(`/client/v11/databases/${id}/wait_status`)).json()).toMatchObject({
      'waiting?': false,
    });
    expect((await get('/client/v11/databases/nosuch')).statusCode).toBe(404);
    expect((await get('/client/v11/apps/users-api/transfers')).json()).toEqual([]);
    expect((await post(`/client/v11/databases/${id}/unfollow`)).statusCode).toBe(501);
  });

  it('that are being made are waited for', async () => {
    await bench.pushedApp('users-api');
    const created = await post('/apps/users-api/addons?wait=0', { plan: 'postgres', name: 'main-db' });
    expect(created.json()).toMatchObject({ state: 'provisioning' });
    expect((await get('/client/v11/databases/main-db')).statusCode).toBe(404);
    expect((await get('/client/v11/databases/main-db/wait_status')).json()).toEqual({
      'error?': false,
      message: 'being made',
      'waiting?': true,
    });
  });

  it('are taken from other apps only by force', async () => {
    await bench.pushedApp('users-api');
    await bench.pushedApp('billing');
    const created = await post('/apps/users-api/addons', { plan: 'postgres' });
    const { name } = created.json<{ name: string }>();
    await post('/addon-attachments', { addon: name, app: 'billing', name: 'USERS_DB' });
    const url = `/apps/users-api/addons/${name}`;
    expect((await inject({ method: 'DELETE', url, payload: { force: false } })).statusCode).toBe(409);
    expect((await inject({ method: 'DELETE', url, payload: { force: true } })).statusCode).toBe(200);
    expect((await get('/addons')).json()).toEqual([]);
  });

  it('that are not there are told by the resource that clients look for', async () => {
    await bench.pushedApp('users-api');
    const addon = await post('/actions/addons/resolve', { addon: 'nosuch', app: 'users-api' });
    expect([addon.statusCode, addon.json<{ resource: string }>().resource]).toEqual([404, 'add_on']);
    const attachment = await post('/actions/addon-attachments/resolve', {
      addon_attachment: 'X',
      app: 'users-api',
    });
    expect([attachment.statusCode, attachment.json<{ resource: string }>().resource]).toEqual([
      404,
      'add_on attachment',
    ]);
  });
});

describe('tokens', () => {
  it('are told once, listed without their text, and revoked', async () => {
    const made = await post('/oauth/authorizations', { description: 'CI', expires_in: 3600 });
    expect(made.statusCode).toBe(201);
    const { id, access_token } = made.json<{
      id: string;
      access_token: { token: string; expires_in: number };
    }>();
    expect(access_token.expires_in).toBe(3600);
    expect(bench.services.account.authenticate(access_token.token)?.id).toBe(id);
    const list = await get('/oauth/authorizations');
    expect(list.json()).toMatchObject([{ id, description: 'CI', access_token: { token: '' } }]);
    expect(list.body).not.toContain(access_token.token);
    expect((await del(`/oauth/authorizations/${id}`)).statusCode).toBe(200);
    expect(bench.services.account.authenticate(access_token.token)).toBeUndefined();
    expect((await del('/oauth/sessions/~')).json()).toMatchObject({ id: 'not_found', resource: 'session' });
  });
});

describe("what Heroku's clients ask in passing", () => {
  it.each([
    ['/account', 200],
    ['/users/~', 200],
    ['/users/nobody', 404],
    ['/account/features', 200],
    ['/account/features/x', 404],
    ['/account/rate-limits', 200],
    ['/account/keys', 200],
    ['/regions', 200],
    ['/stacks', 200],
    ['/dyno-sizes', 200],
    ['/addon-services', 200],
    ['/addon-services/postgres/plans', 200],
    ['/addon-services/nosuch/plans', 404],
    ['/apps/users-api/features', 200],
    ['/apps/users-api/features/preboot', 200],
    ['/apps/users-api/features/x', 404],
    ['/apps/users-api/collaborators', 200],
    ['/apps/users-api/collaborators/', 404],
    ['/apps/users-api/pipeline-couplings', 404],
    ['/apps/users-api/buildpack-installations', 200],
    ['/apps/users-api/sni-endpoints', 200],
    ['/tfk/health', 200],
    ['/tfk/version', 200],
    ['/tfk/info', 200],
    ['/tfk/doctor', 200],
    ['/openapi.json', 200],
  ])('GET %s answers %i', async (url, status) => {
    await bench.pushedApp('users-api');
    const reply = await get(url, { accept: 'application/vnd.heroku+json; version=3.sdk' });
    expect(reply.statusCode).toBe(status);
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.headers['ratelimit-remaining']).toBe('4500');
  });
});

describe('stacks', () => {
  it('are what the user has set, or what the app was built as', async () => {
    await bench.pushedApp('users-api');
    expect((await get('/apps/users-api')).json()).toMatchObject({
      build_stack: { name: 'heroku-24' },
      stack: { name: 'heroku-24' },
    });
    expect((await patch('/apps/users-api', { build_stack: 'container' })).json()).toMatchObject({
      build_stack: { name: 'container' },
      stack: { name: 'heroku-24' },
    });
    const unknown = await patch('/apps/users-api', { build_stack: 'heroku-18' });
    expect([unknown.statusCode, unknown.json<{ suggestions: string[] }>().suggestions]).toEqual([
      422,
      ['heroku-24', 'container'],
    ]);
    expect((await get('/apps/users-api')).json()).toMatchObject({ build_stack: { name: 'container' } });
    const made = await post('/apps', { name: 'boxed', stack: 'container' });
    expect(made.json()).toMatchObject({ stack: { name: 'container' }, build_stack: { name: 'container' } });
    expect((await get('/stacks/heroku-18')).statusCode).toBe(404);
  });
});

describe('buildpacks', () => {
  const BLOB = 'https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/nodejs.tgz';

  it('are set by name, URN, address and repository, in the place of those before, and cleared', async () => {
    await bench.pushedApp('users-api');
    const url = '/apps/users-api/buildpack-installations';
    const put = (...updates: string[]) =>
      inject({
        method: 'PUT',
        url,
        headers: { range: '' },
        payload: { updates: updates.map((buildpack) => ({ buildpack })) },
      });
    for (const reference of ['heroku/nodejs', 'urn:buildpack:heroku/nodejs', BLOB])
      expect((await put(reference)).json()).toEqual([
        { buildpack: { name: 'heroku/nodejs', url: BLOB }, ordinal: 0 },
      ]);
    const repository = 'https://github.com/heroku/heroku-buildpack-nodejs.git';
    expect((await put(repository)).json()).toEqual([
      { buildpack: { name: repository, url: repository }, ordinal: 0 },
    ]);
    const classic = 'https://github.com/someone/heroku-buildpack-nodejs#v2';
    expect((await put(classic)).json()).toEqual([{ buildpack: { name: classic, url: classic }, ordinal: 0 }]);
    const unknown = await put('heroku/cobol');
    expect([unknown.statusCode, unknown.json<{ message: string }>().message]).toEqual([
      422,
      expect.stringMatching(
        /nor a folder\. Nothing was changed\. The names are heroku\/.* and heroku\/procfile\./,
      ),
    ]);
    const nameless = await inject({ method: 'PUT', url, payload: { updates: [{}] } });
    expect(nameless.json<{ message: string }>().message).toMatch(/^That buildpack is not known here/);
    const several = (await put('heroku/nodejs', 'heroku/procfile')).json<{ ordinal: number }[]>();
    expect(several.map(({ ordinal }) => ordinal)).toEqual([0, 1]);
    expect((await get(url)).json()).toEqual(several);
    expect((await put()).json()).toEqual([]);
  });

  it('may be asked for by a build alone, which tells them', async () => {
    await bench.pushedApp('users-api');
    const body = {
      source_blob: { url: 'https://example.com/x.tgz' },
      buildpacks: [{ name: 'heroku/nodejs' }],
    };
    expect((await post('/apps/users-api/builds', body)).json()).toMatchObject({
      buildpacks: [{ name: 'heroku/nodejs', url: BLOB }],
    });
  });

  it('are told to anybody by a registry as Heroku’s', async () => {
    const { app } = bench.server({ trusted: false });
    const ask = (url: string) => app.inject({ url, headers: { host: '127.0.0.1:4270' } });
    expect((await ask('/buildpacks/heroku%2Fnodejs')).json()).toMatchObject({
      blob_url: BLOB,
      name: 'nodejs',
    });
    expect((await ask('/buildpacks/heroku%2Fcobol')).statusCode).toBe(404);
    expect((await ask('/buildpacks?in[name][]=procfile&like[description]=procfile')).json()).toMatchObject([
      { namespace: 'heroku', name: 'procfile' },
    ]);
    expect((await ask('/buildpacks/heroku%2Fnodejs/revisions')).json()).toHaveLength(1);
    expect((await ask('/buildpacks/heroku%2Fnodejs/readme')).json()).toMatchObject({ encoding: 'base64' });
    expect((await ask('/apps')).statusCode).toBe(401);
  });
});

describe('the daemon', () => {
  it('ends after it has answered', async () => {
    const reply = await post('/tfk/shutdown');
    expect([reply.statusCode, reply.body]).toEqual([202, '{}']);
    expect(bench.asked.daemonStops).toBe(1);
  });

  it('tells what it does while everything stops', async () => {
    const reply = await post('/tfk/shutdown', { scope: 'everything' });
    expect(reply.statusCode).toBe(202);
    expect(reply.body).toBe('{"message":"Stopping web.1"}\n{"message":"All is stopped"}\n');
  });

  it('describes each of its routes in OpenAPI', async () => {
    const { app, routes } = bench.server();
    const { paths } = (await app.inject('/openapi.json')).json<{
      paths: Record<string, Record<string, object>>;
    }>();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const known = routes
      .list()
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replace(/:([a-z]+)/g, '{$1}')}`);
    expect(described.sort()).toEqual(known.sort());
    expect(described).toContain('PATCH /apps/{app}/formation/{type}');
  });
});
