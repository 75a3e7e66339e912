import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogDrain, LogDrainProgress } from '../../../api/index.js';
import { HttpReceiver } from '../drains/support.js';
import { openBench, until, type Bench } from './support.js';

const URL_WITH_PASSWORD = 'https://ada:hunter2@127.0.0.1:9/logs?key=abc';
let bench: Bench;
let inject: (request: InjectOptions) => Promise<LightMyRequestResponse>;

beforeEach(async () => {
  bench = await openBench();
  const { app } = bench.server();
  inject = (request) => app.inject(request);
  await inject({ method: 'POST', url: '/apps', payload: { name: 'shop' } });
});
afterEach(() => bench.close());

const get = (url: string) => inject({ method: 'GET', url });
const del = (url: string) => inject({ method: 'DELETE', url });
const add = (url: unknown, app = 'shop') =>
  inject({ method: 'POST', url: `/apps/${app}/log-drains`, payload: { url } });
const added = async (url: string): Promise<LogDrain> => (await add(url)).json<LogDrain>();

describe('log drains', () => {
  it('are made, listed, shown and removed by id, token or URL', async () => {
    const reply = await add(URL_WITH_PASSWORD);
    expect(reply.statusCode).toBe(201);
    const drain = reply.json<LogDrain>();
    expect(drain).toMatchObject({ addon: null, app: { name: 'shop' }, url: URL_WITH_PASSWORD });
    expect(drain.token).toMatch(/^d\.[0-9a-f-]{36}$/);
    expect((await get('/apps/shop/log-drains')).json()).toEqual([drain]);
    for (const name of [drain.id, drain.token, drain.url])
      expect((await get(`/apps/shop/log-drains/${encodeURIComponent(name)}`)).json()).toEqual(drain);

    for (const name of ['id', 'token', 'url'] as const) {
      const { [name]: known } = name === 'id' ? drain : await added(URL_WITH_PASSWORD);
      const gone = await del(`/apps/shop/log-drains/${encodeURIComponent(known)}`);
      expect([gone.statusCode, gone.json<LogDrain>().url]).toEqual([200, URL_WITH_PASSWORD]);
      expect((await get('/apps/shop/log-drains')).json()).toEqual([]);
    }
  });

  it('are removed by a URL as long as may be given', async () => {
    const url = `https://127.0.0.1:9/${'%20x'.repeat(480)}`;
    await added(url);
    expect((await del(`/apps/shop/log-drains/${encodeURIComponent(url)}`)).statusCode).toBe(200);
  });

  it.each([undefined, null, 7, '', 'logs.example.com', 'udp://x:1', 'syslog://u:p@logs.example.com'])(
    'to %j are refused',
    async (url) => {
      const reply = await add(url);
      expect([reply.statusCode, reply.json<{ id: string }>().id]).toEqual([422, 'invalid_params']);
      expect(reply.json<{ message: string }>().message).toContain('url');
      expect((await get('/apps/shop/log-drains')).json()).toEqual([]);
    },
  );

  it('are one for each place, also when two are asked for at once, and ten at most', async () => {
    const twice = await Promise.all([add('syslog://127.0.0.1:9'), add('syslog://127.0.0.1:9/')]);
    expect(twice.map(({ statusCode }) => statusCode).sort()).toEqual([201, 422]);
    for (let port = 1; port < 10; port += 1)
      expect((await add(`syslog://127.0.0.1:${10 + port}`)).statusCode).toBe(201);
    const eleventh = await add('syslog://127.0.0.1:99');
    expect(eleventh.statusCode).toBe(422);
    expect(eleventh.json<{ message: string }>().message).toContain('10 log drains, which is the limit');
  });

  it('that are not there are not found, and what was asked for is not repeated', async () => {
    await inject({ method: 'POST', url: '/apps', payload: { name: 'other' } });
    const drain = await added(URL_WITH_PASSWORD);
    const names = [
      encodeURIComponent('https://ada:hunter3@127.0.0.1:9/logs'),
      '00000000-0000-4000-8000-000000000000',
    ];
    for (const path of [
      ...names.map((name) => `/apps/shop/log-drains/${name}`),
      `/apps/other/log-drains/${drain.id}`,
    ]) {
      const reply = await del(path);
      expect([reply.statusCode, reply.json<{ resource: string }>().resource]).toEqual([404, 'log_drain']);
      expect(reply.body).not.toContain('hunter');
    }
    expect((await get('/apps/nosuch/log-drains')).statusCode).toBe(404);
  });

  it('keep their passwords sealed in the database, and masked in what is told of them', async () => {
    await added(URL_WITH_PASSWORD);
    bench.store.transaction(() => undefined);
    const files = ['tfk.db', 'tfk.db-wal'].map((name) => readFileSync(join(bench.home, name), 'latin1'));
    expect(files.join('')).not.toContain('hunter2');
    const told = await get('/tfk/apps/shop/log-drains');
    expect(told.json<LogDrainProgress[]>()[0]?.url).toBe('https://ada:****@127.0.0.1:9/logs?key=****');
  });

  it('show their passwords to who may set them, and not to who only reads', async () => {
    const { id } = await added(URL_WITH_PASSWORD);
    const { app } = bench.server({ trusted: false });
    const urls = async (...scope: string[]) => {
      const headers = { host: 'localhost', authorization: `Bearer ${bench.token(undefined, scope)}` };
      const list = await app.inject({ url: '/apps/shop/log-drains', headers });
      const one = await app.inject({ url: `/apps/shop/log-drains/${id}`, headers });
      const progress = await app.inject({ url: '/tfk/apps/shop/log-drains', headers });
      return [
        list.json<LogDrain[]>()[0]?.url,
        one.json<LogDrain>().url,
        progress.json<LogDrainProgress[]>()[0]?.url,
      ];
    };
    const place = 'https://127.0.0.1:9/****';
    expect(await urls('read')).toEqual([place, place, place]);
    expect(await urls('identity', 'read-protected')).toEqual([place, place, place]);
    for (const scope of ['write', 'write-protected', 'global'])
      expect(await urls(scope)).toEqual([
        URL_WITH_PASSWORD,
        URL_WITH_PASSWORD,
        'https://ada:****@127.0.0.1:9/logs?key=****',
      ]);
  });

  it('tell how they fare: lines delivered, lines to come, and why it fails', async () => {
    const receiver = await new HttpReceiver().open();
    const { id: appId } = (await get('/apps/shop')).json<{ id: string }>();
    const line = {
      time: null,
      source: 'app',
      dyno: 'web.1',
      stream: 'stdout',
      release: 1,
      text: 'hello',
    } as const;
    const progress = async (): Promise<LogDrainProgress[]> =>
      (await get('/tfk/apps/shop/log-drains')).json<LogDrainProgress[]>();
    try {
      await added(`http://127.0.0.1:${receiver.port}/`);
      bench.logs.append(appId, [line, line]);
      await until('two lines', () => receiver.taken.length === 2);
      await expect
        .poll(async () => (await progress())[0])
        .toMatchObject({ delivered: 2, pending: 0, failure: null });
      receiver.answer = (request, response) => receiver.status(503, request, response);
      bench.logs.append(appId, [line]);
      await expect
        .poll(async () => (await progress())[0], { timeout: 10_000 })
        .toMatchObject({ delivered: 2, dropped: 0, failure: { reason: 'it answers 503' } });
      expect((await progress())[0]?.pending).toBeGreaterThan(0);
    } finally {
      await receiver.close();
    }
  });

  it('of an add-on are none', async () => {
    const addon = await inject({ method: 'POST', url: '/apps/shop/addons', payload: { plan: 'postgres' } });
    const { name } = addon.json<{ name: string }>();
    expect((await get(`/addons/${name}/log-drains`)).json()).toEqual([]);
    expect((await get('/addons/nosuch/log-drains')).statusCode).toBe(404);
  });
});
