import fc from 'fast-check';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../daemon/http/server.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { openBench, type Bench } from './support.js';

let bench: Bench;
let open: Server;
let guarded: Server;
let token: string;
let port: number;
beforeAll(async () => {
  bench = await openBench();
  open = bench.server();
  guarded = bench.server({ trusted: false, hosts: ['tfk.example'] });
  await guarded.app.listen({ host: '127.0.0.1', port: 0 });
  port = (guarded.app.server.address() as AddressInfo).port;
  token = bench.token();
  await bench.pushedApp('users-api');
});
afterAll(() => bench.close());

const host = '127.0.0.1';
const json = { 'content-type': 'application/json' };
const idOf = (reply: LightMyRequestResponse): string => reply.json<{ id: string }>().id;

/** Sends bytes as they are, and answers all that comes back until the connection ends. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, host, () => socket.write(bytes));
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no end after: ${received}`)));
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

describe('every route over TCP', () => {
  it('without a token is 401, or asks for its secret', async () => {
    const routes = guarded.routes.list();
    expect(routes.length).toBeGreaterThan(80);
    for (const { method, url, secretUrl } of routes.filter(({ open }) => !open)) {
      const path = url.replace(/:[a-z]+/g, 'x');
      const request = { method: method as 'GET', url: path, headers: { host } };
      const status = (await guarded.app.inject(request)).statusCode;
      expect(`${method} ${url} ${status}`).toBe(`${method} ${url} ${secretUrl ? 404 : 401}`);
    }
  });

  it('is not told apart from what is no route', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD'] as const) {
      const reply = await guarded.app.inject({ method, url: '/nosuch', headers: { host } });
      expect(reply.statusCode).toBe(401);
    }
  });

  it.each([
    ['a Bearer token', () => `Bearer ${token}`],
    ['Basic with the token as password', () => `Basic ${Buffer.from(`:${token}`).toString('base64')}`],
  ])('takes %s', async (_what, authorization) => {
    const reply = await guarded.app.inject({
      url: '/apps',
      headers: { host, authorization: authorization() },
    });
    expect(reply.statusCode).toBe(200);
  });

  it.each([
    ['evil.example', {}, 421, 'misdirected_request'],
    ['127.0.0.1.evil.example', {}, 421, 'misdirected_request'],
    [host, { origin: 'http://evil.example' }, 403, 'forbidden'],
    [host, { 'sec-fetch-site': 'cross-site' }, 403, 'forbidden'],
  ])('called as %s with %j is refused, with a good token too', async (name, headers, status, id) => {
    const authorization = `Bearer ${token}`;
    const reply = await guarded.app.inject({
      url: '/apps',
      headers: { host: name, authorization, ...headers },
    });
    expect([reply.statusCode, idOf(reply)]).toEqual([status, id]);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('tells addresses under the name that it was called by', async () => {
    const authorization = `Bearer ${token}`;
    const reply = await guarded.app.inject({
      method: 'POST',
      url: '/sources',
      headers: { host: `${host}:4270`, authorization },
    });
    const { get_url } = reply.json<{ source_blob: { get_url: string } }>().source_blob;
    expect(get_url).toMatch(/^http:\/\/127\.0\.0\.1:4270\/tfk\/sources\//);
  });
});

describe('a body', () => {
  const post = (payload: string, headers: Record<string, string> = json) =>
    open.app.inject({ method: 'POST', url: '/apps', payload, headers });

  it.each([
    ['{"name":', 400, 'bad_request'],
    ['not json', 400, 'bad_request'],
    ['{"__proto__":{"name":"x"}}', 400, 'bad_request'],
    ['{"constructor":{"prototype":{}}}', 400, 'bad_request'],
    ['[]', 422, 'invalid_params'],
    ['"text"', 422, 'invalid_params'],
    ['{"name":7}', 422, 'invalid_params'],
    ['{"name":{"$ne":1}}', 422, 'invalid_params'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 422, 'invalid_params'],
    [`{"name":"${'x'.repeat(3_000_000)}"}`, 413, 'too_large'],
    [JSON.stringify({ name: '../../etc' }), 422, 'invalid_params'],
  ])('of %.60s is %i', async (payload, status, id) => {
    const reply = await post(payload);
    expect([reply.statusCode, idOf(reply)]).toEqual([status, id]);
    expect(reply.body.length).toBeLessThan(1000);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'garbage'])(
    'of type %s is 415',
    async (type) => {
      const reply = await post('{"name":"from-a-form"}', { 'content-type': type });
      expect([reply.statusCode, idOf(reply)]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('of no type is read as JSON', async () => {
    const name = 'untyped-app';
    const untyped = await sendRaw(
      `POST /apps HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${JSON.stringify({ name }).length}\r\nConnection: close\r\n\r\n${JSON.stringify({ name })}`,
    );
    expect(untyped).toContain('HTTP/1.1 201');
  });

  it.each([
    [{ name: 7 }, 'name must be string.'],
    [{ maintenance: 'on' }, 'maintenance must be boolean.'],
  ])('is told which field is wrong: %j', async (payload, message) => {
    const reply = await open.app.inject({ method: 'PATCH', url: '/apps/users-api', payload });
    expect(reply.json()).toEqual({ id: 'invalid_params', message });
  });

  it('that may be null says so', async () => {
    const payload = { command: 'x', time_to_live: 'soon' };
    const reply = await open.app.inject({ method: 'POST', url: '/apps/users-api/dynos', payload });
    expect(reply.json<{ message: string }>().message).toBe('time_to_live must be integer or must be null.');
  });

  it('does not repeat a secret value that has the wrong form', async () => {
    const url = '/apps/users-api/config-vars';
    const reply = await open.app.inject({ method: 'PATCH', url, payload: { TOKEN: { value: 'hunter2' } } });
    expect([reply.statusCode, reply.body.includes('TOKEN'), reply.body.includes('hunter2')]).toEqual([
      422,
      true,
      false,
    ]);
  });

  it.each(['A B', '1A', 'A=B', 'A\nB', '', 'PORT'])('cannot set the config var %j', async (key) => {
    const url = '/apps/users-api/config-vars';
    const before = (await open.app.inject(url)).json<object>();
    const reply = await open.app.inject({ method: 'PATCH', url, payload: { GOOD: '1', [key]: 'x' } });
    expect([reply.statusCode, idOf(reply)]).toEqual([422, 'invalid_params']);
    expect((await open.app.inject(url)).json()).toEqual(before);
  });
});

describe('headers', () => {
  it.each([
    'version ..; max=0',
    'version ..; max=x',
    'colour ..',
    'version abc..',
    '=;=;=',
    `version ${'9'.repeat(5000)}..`,
  ])('with the range %.40j are 416', async (range) => {
    const reply = await open.app.inject({ url: '/apps/users-api/releases', headers: { range } });
    expect([reply.statusCode, idOf(reply)]).toEqual([416, 'requested_range_not_satisfiable']);
  });

  it.each(['', 'bytes=0-5'])('with the range %j are no matter', async (range) => {
    expect((await open.app.inject({ url: '/apps', headers: { range } })).statusCode).toBe(200);
  });

  it.each([
    ['application/vnd.heroku+json; version=3', 200],
    ['application/vnd.heroku+json; version=3.sdk', 200],
    ['application/vnd.heroku+json; version=3.anything.at-all', 200],
    ['application/vnd.heroku+json', 200],
    ['*/*', 200],
    ['application/vnd.heroku+json; version=2', 400],
    ['application/vnd.heroku+json; version=33', 400],
    ['application/vnd.heroku+json; version=', 400],
  ])('that accept %s are %i', async (accept, status) => {
    expect((await open.app.inject({ url: '/apps', headers: { accept } })).statusCode).toBe(status);
  });

  it('of 20 KB are fine, of 100 KB are 431', async () => {
    const ask = (bytes: number) =>
      sendRaw(
        `GET /tfk/health HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nRequest-Id: ${'x'.repeat(bytes)}\r\nConnection: close\r\n\r\n`,
      );
    expect(await ask(20_000)).toContain('HTTP/1.1 200');
    const refused = await ask(100_000);
    expect(refused).toContain('HTTP/1.1 431');
    expect(refused).toContain('"id":"bad_request"');
  });

  it.each([
    ['two hosts', `Host: ${host}\r\nHost: evil.example`],
    ['two tokens', `Host: ${host}\r\nAuthorization: Bearer x`],
    ['two lengths', `Host: ${host}\r\nContent-Length: 1\r\nContent-Length: 2`],
    ['length and chunks', `Host: ${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`],
    ['no host', 'X-Y: z'],
    ['a header of two lines', `Host: ${host}\r\nX: a\r\n b`],
  ])('with %s are 400', async (_what, headers) => {
    const reply = await sendRaw(
      `POST /apps HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n${headers}\r\nConnection: close\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 (400|421)/);
    expect(reply).not.toContain('HTTP/1.1 2');
  });

  it('that are no HTTP at all end with 400', async () => {
    expect(await sendRaw('\x16\x03\x01 hello\r\n\r\n')).toContain('HTTP/1.1 400');
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/nosuch', 404],
    ['GET', '/apps//', 404],
    ['GET', '/APPS', 404],
    ['GET', '/apps/', 404],
    ['GET', '/apps/..%2f..%2fetc', 404],
    ['GET', '/apps/%00', 404],
    ['GET', `/apps/${'x'.repeat(3000)}`, 400],
    ['GET', '/apps/%zz', 400],
    ['PUT', '/apps', 405],
    ['DELETE', '/regions', 405],
    ['HEAD', '/sources', 405],
    ['HEAD', '/tfk/logs/x', 405],
    ['HEAD', '/apps', 200],
    ['OPTIONS', '/apps', 200],
  ])('%s %s is %i', async (method, url, status) => {
    const reply = await open.app.inject({ method: method as 'GET', url });
    expect(reply.statusCode).toBe(status);
    if (status === 405) expect(reply.headers.allow).toBeDefined();
    if (method === 'OPTIONS') expect(reply.headers.allow).toBe('GET, HEAD, POST');
  });

  it('with two slashes or a host in it is none', async () => {
    const ask = (target: string) =>
      sendRaw(
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
      );
    expect(await ask('//apps')).toContain('HTTP/1.1 404');
    expect(await ask('/apps/%2e%2e/apps')).toContain('HTTP/1.1 404');
    expect(await ask('/apps/../apps')).toContain('HTTP/1.1 404');
    expect(await ask('http://evil.example/apps')).toContain('HTTP/1.1 400');
    expect(await ask('/apps')).toContain('HTTP/1.1 200');
  });

  it('is not overridden by a header', async () => {
    const headers = { 'x-http-method-override': 'DELETE' };
    await open.app.inject({ method: 'POST', url: '/apps/users-api', headers });
    expect((await open.app.inject('/apps/users-api')).statusCode).toBe(200);
  });
});

describe('whatever is asked', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'users-api',
      'web',
      'web.1',
      '2',
      'v2',
      '~',
      'current',
      'nosuch',
      '-1',
      '..',
      '%',
      '\0',
      'a::b',
      '__proto__',
    ),
    fc.string({ minLength: 1, maxLength: 20 }),
  );
  const text = fc.oneof(
    name,
    fc.constantFrom('+1', '-1', 'abc', 'postgres', '/tfk/sources/x', 'http://[', '10m'),
  );
  const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }));
  const field = fc.constantFrom(
    'name',
    'maintenance',
    'region',
    'command',
    'env',
    'attach',
    'terminal',
    'size',
    'type',
    'quantity',
    'release',
    'slug',
    'updates',
    'source_blob',
    'hostname',
    'plan',
    'addon',
    'app',
    'addon_attachment',
    'since',
    'lines',
    'dyno',
    'description',
    'expires_in',
    '__proto__',
  );
  const body = fc.oneof(fc.dictionary(field, value, { maxKeys: 5 }), fc.jsonValue({ maxDepth: 3 }));

  it('is never answered with 500', async () => {
    const { app, routes } = bench.server();
    // An app that is renamed or destroyed early would leave nothing to ask for.
    const kept = ['PATCH /apps/:app', 'DELETE /apps/:app'];
    const asked = routes.list().filter(({ method, url }) => !kept.includes(`${method} ${url}`));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...asked),
        fc.array(name, { minLength: 3, maxLength: 3 }),
        body,
        async (route, names, payload) => {
          let turn = 0;
          const url = route.url.replace(/:[a-z]+/g, () => encodeURIComponent(names[turn++] ?? 'x'));
          const request = { method: route.method as InjectOptions['method'], url } as InjectOptions;
          if (!['GET', 'HEAD'].includes(route.method)) {
            Object.assign(request, { payload: JSON.stringify(payload), headers: json });
          }
          const { statusCode, body: reply } = await app.inject(request);
          expect(statusCode, `${route.method} ${url} ${JSON.stringify(payload)} → ${reply}`).not.toBe(500);
        },
      ),
      { numRuns: 600 },
    );
  });
});

describe('a fault of our own', () => {
  it('is 500 with the request id and nothing else, and is logged once', async () => {
    const secret = 'postgres://user:hunter2@localhost';
    const server = bench.server();
    server.app.addHook('preHandler', async (request) => {
      if (request.url === '/regions') throw new Error(secret);
    });
    const reply = await server.app.inject('/regions');
    expect(reply.statusCode).toBe(500);
    expect(reply.json<{ id: string; message: string }>().id).toBe('internal_server_error');
    expect(reply.body).not.toContain('hunter2');
    expect(reply.json<{ message: string }>().message).toContain(String(reply.headers['request-id']));
  });

  it('is logged once', async () => {
    const logger = createLogger('silent', 'test');
    const logged: unknown[] = [];
    logger.error = (entry: unknown) => void logged.push(entry);
    const server = bench.server({ logger });
    server.app.addHook('preHandler', async () => {
      throw new Error('broken');
    });
    await server.app.inject('/regions');
    expect(logged).toHaveLength(1);
  });
});
