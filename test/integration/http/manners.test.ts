import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../daemon/http/server.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { openBench, type Bench } from './support.js';

const DAY = 86_400_000;

let bench: Bench;
let open: Server;
let now = Date.now();
const clock = { ...systemClock, now: () => now };
beforeAll(async () => {
  bench = await openBench();
  open = bench.server();
  await bench.pushedApp('shop');
});
afterAll(() => bench.close());

/** Asks as a client over TCP that has this token. */
const client =
  (server: Server, token = bench.token()) =>
  (url: string, options: InjectOptions = {}): Promise<LightMyRequestResponse> =>
    server.app.inject({
      url,
      ...options,
      headers: { host: 'localhost', authorization: `Bearer ${token}`, ...options.headers },
    });

describe('an answer that the client has already', () => {
  const ask = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    open.app.inject({ method, url, headers });

  it('is not sent again, until it is another', async () => {
    const first = await ask('/apps/shop');
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    const again = await ask('/apps/shop', { 'if-none-match': `"other", W/${etag}` });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    expect(again.headers['content-type']).toBeUndefined();
    expect(again.headers['content-length']).toBeUndefined();
    expect(again.headers['request-id']).not.toBe(first.headers['request-id']);
    await open.app.inject({ method: 'PATCH', url: '/apps/shop', payload: { maintenance: true } });
    const changed = await ask('/apps/shop', { 'if-none-match': etag });
    expect([changed.statusCode, changed.json<{ maintenance: boolean }>().maintenance]).toEqual([200, true]);
    expect(changed.headers.etag).not.toBe(etag);
  });

  it('has the same tag for HEAD, and no body', async () => {
    const { etag } = (await ask('/apps/shop')).headers;
    const head = await ask('/apps/shop', { 'if-none-match': String(etag) }, 'HEAD');
    expect([head.statusCode, head.headers.etag, head.body]).toEqual([200, etag, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
  });

  it('is another where the way to the next page is another', async () => {
    await bench.pushedApp('zzz-app');
    const range = 'name ..; max=1';
    const page = await ask('/apps', { range });
    expect([page.statusCode, page.headers['next-range']]).toEqual([206, 'name ]shop..; max=1']);
    const known = { range, 'if-none-match': String(page.headers.etag) };
    expect((await ask('/apps', known)).statusCode).toBe(304);
    await open.app.inject({ method: 'DELETE', url: '/apps/zzz-app' });
    const last = await ask('/apps', known);
    expect([last.statusCode, last.headers['next-range']]).toEqual([200, undefined]);
  });

  it('is kept by who asked, and nowhere on the way', async () => {
    for (const url of ['/apps', '/apps/shop/config-vars']) {
      const { headers } = await ask(url);
      expect([headers['cache-control'], typeof headers.etag]).toEqual(['no-store', 'string']);
    }
  });

  it('has no tag where it is an error, a change or a stream', async () => {
    const made = await open.app.inject({ method: 'POST', url: '/sources' });
    const { put_url, get_url } = made.json<{ source_blob: Record<'put_url' | 'get_url', string> }>()
      .source_blob;
    await open.app.inject({ method: 'PUT', url: put_url, payload: 'bytes', headers: { 'content-type': '' } });
    const source = await ask(get_url, { 'if-none-match': '*' });
    expect([source.statusCode, source.body]).toEqual([200, 'bytes']);
    for (const reply of [made, await ask('/apps/nosuch'), source]) expect(reply.headers.etag).toBeUndefined();
    expect((await ask('/apps/nosuch', { 'if-none-match': '*' })).statusCode).toBe(404);
  });
});

describe('the id of a request', () => {
  it('is one of ours, whatever list of them the client sends', async () => {
    const sent = Array.from({ length: 100 }, (_, index) => `client-${index}`).join(',');
    const reply = await open.app.inject({ url: '/apps', headers: { 'request-id': sent } });
    expect(reply.headers['request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});

describe('the requests of an hour', () => {
  it('are counted for each token, refused when used up, and come back', async () => {
    const server = bench.server({ trusted: false, clock, hourlyLimit: 60 });
    const ask = client(server);
    const left = async () => (await ask('/account/rate-limits')).json<{ remaining: number }>().remaining;
    expect(await left()).toBe(60);
    expect((await ask('/apps')).headers['ratelimit-remaining']).toBe('59');
    expect((await ask('/apps/nosuch')).headers['ratelimit-remaining']).toBe('58');
    expect(await left()).toBe(58);
    expect(await left()).toBe(58);
    for (let more = 0; more < 58; more += 1) expect((await ask('/apps')).statusCode).toBe(200);
    const refused = await ask('/apps', { method: 'POST', payload: { name: 'too-many' } });
    expect([
      refused.statusCode,
      refused.headers['retry-after'],
      refused.headers['ratelimit-remaining'],
    ]).toEqual([429, '60', '0']);
    expect(refused.json()).toMatchObject({
      id: 'rate_limit',
      message: expect.stringMatching(/Wait 60 s/) as string,
    });
    expect(await left()).toBe(0);
    expect((await client(server)('/apps')).statusCode).toBe(200);
    now += 60_000;
    expect((await ask('/apps')).statusCode).toBe(200);
    expect((await ask('/apps/too-many')).statusCode).toBe(429);
    now += 60_000;
    expect((await ask('/apps/too-many')).statusCode).toBe(404);
  });

  it('are any number where nothing is counted: through the unix socket, or by the setting', async () => {
    const socket = bench.server({ hourlyLimit: 2 });
    const unlimited = client(bench.server({ trusted: false, hourlyLimit: null }));
    for (let asked = 0; asked < 4; asked += 1) {
      expect((await socket.app.inject('/apps')).statusCode).toBe(200);
      expect((await unlimited('/apps')).headers['ratelimit-remaining']).toBe('4500');
    }
    expect((await unlimited('/account/rate-limits')).json()).toEqual({ remaining: 4500 });
  });

  it('do not count those of a stranger, who is told to wait after ten wrong tokens', async () => {
    const server = bench.server({ trusted: false, clock, hourlyLimit: 60 });
    const stranger = client(server, 'tfk_wrong');
    for (let tried = 0; tried < 10; tried += 1) expect((await stranger('/apps')).statusCode).toBe(401);
    const refused = await stranger('/apps');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '60']);
    expect((await client(server)('/apps')).statusCode).toBe(200);
  });
});

describe('a token that ends', () => {
  it('is told so with each answer in its last week', async () => {
    const server = bench.server({ trusted: false, clock });
    const userId = bench.services.account.account().id;
    const made = (days: number) =>
      bench.services.account.createToken({
        userId,
        description: 'x',
        scope: ['read'],
        expiresAt: Date.now() + days * DAY,
      }).token;
    now = Date.now();
    const [soon, late] = [client(server, made(30)), client(server, made(90))];
    expect((await soon('/apps')).headers['x-heroku-warning']).toBeUndefined();
    now += 25 * DAY;
    expect((await soon('/apps')).headers['x-heroku-warning']).toMatch(/good until 20\d\d-.*tfk auth:token/);
    expect((await late('/apps')).headers['x-heroku-warning']).toBeUndefined();
  });
});

describe('a body that is no JSON', () => {
  it.each(['{"name":', 'name=shop', '{"name":"x"}}'])('is told so: %s', async (payload) => {
    const headers = { 'content-type': 'application/json' };
    const reply = await open.app.inject({ method: 'POST', url: '/apps', payload, headers });
    expect([reply.statusCode, reply.json()]).toEqual([
      400,
      { id: 'bad_request', message: expect.stringMatching(/cannot be read: .*JSON/) as string },
    ]);
  });
});

describe('a field that a request does not take', () => {
  const patch = (url: string, payload: object) => open.app.inject({ method: 'PATCH', url, payload });

  it('is named, with what was probably meant, and nothing is changed', async () => {
    const reply = await patch('/apps/shop', { maintenance: false, nmae: 'new-name' });
    expect([reply.statusCode, reply.json()]).toEqual([
      422,
      {
        id: 'invalid_params',
        message: '"nmae" is no field of this request. Nothing was changed. Did you mean name?',
        suggestions: ['name'],
      },
    ]);
    expect((await open.app.inject('/apps/shop')).json()).toMatchObject({ maintenance: true });
  });

  it('is found within others, and its value is not repeated', async () => {
    const url = '/apps/shop/formation';
    const reply = await patch(url, { updates: [{ type: 'web', password: 'hunter2' }] });
    expect(reply.json<{ message: string }>().message).toBe(
      '"updates.0.password" is no field of this request. Nothing was changed. It takes docker_image, dyno_size, quantity, size, type.',
    );
    expect(reply.body).not.toContain('hunter2');
  });

  it('does not exist where names are the user’s own', async () => {
    expect((await patch('/apps/shop/config-vars', { ANYTHING: 'x' })).statusCode).toBe(200);
  });
});
