import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from '../../../daemon/http/server.js';
import { ACTOR, openBench, type Bench } from './support.js';

/** What all resources have; a state of Terraform's is compared with the whole answer. */
interface Resource {
  readonly id: string;
  readonly [field: string]: unknown;
}
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

let bench: Bench;
let server: Server;
let headers: Record<string, string>;
/** The app, by its id: the provider never uses a name twice. */
let app: string;

beforeEach(async () => {
  bench = await openBench();
  server = bench.server({ trusted: false });
  const basic = Buffer.from(`${ACTOR}:${bench.token()}`).toString('base64');
  headers = {
    host: 'localhost',
    authorization: `Basic ${basic}`,
    accept: 'application/vnd.heroku+json; version=3',
  };
  app = `/apps/${(await bench.pushedApp('shop')).id}`;
});
afterEach(() => bench.close());

async function ask(method: Method, url: string, payload?: object): Promise<Resource> {
  const reply = await server.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
  expect(reply.statusCode, `${method} ${url}: ${reply.body}`).toBeLessThan(300);
  return reply.json<Resource>();
}

test('the provider reads each resource that it makes by its id, and finds what it made', async () => {
  const addon = { plan: 'heroku-postgresql:essential-0', confirm: 'shop' };
  const pipeline = await ask('POST', '/pipelines', { name: 'line', generation: 'cedar' });
  const made: readonly (readonly [way: string, resource: Resource])[] = [
    [
      `${app}/domains/`,
      await ask('POST', `${app}/domains`, { hostname: 'a.example.com', sni_endpoint: null }),
    ],
    [
      `${app}/log-drains/`,
      await ask('POST', `${app}/log-drains`, { url: 'syslog+tls://logs.example.com:6514' }),
    ],
    [
      `${app}/collaborators/`,
      await ask('POST', `${app}/collaborators`, { user: 'bob@example.com', silent: true }),
    ],
    [
      `${app}/webhooks/`,
      await ask('POST', `${app}/webhooks`, {
        include: ['api:release'],
        level: 'notify',
        url: 'https://hooks.example.com/',
      }),
    ],
    ['/pipelines/', pipeline],
    [
      '/pipeline-couplings/',
      await ask('POST', '/pipeline-couplings', {
        app: app.slice(6),
        pipeline: pipeline.id,
        stage: 'production',
      }),
    ],
    ['/addons/', await ask('POST', `${app}/addons`, addon)],
    [`${app}/features/`, await ask('PATCH', `${app}/features/preboot`, { enabled: false })],
    [
      `${app}/formation/`,
      await ask('PATCH', `${app}/formation/worker`, { quantity: 2, dyno_size: { name: 'Standard-2X' } }),
    ],
  ];
  for (const [way, resource] of made) {
    // An add-on goes on being made.
    const lasting = Object.entries(resource).filter(([field]) => field !== 'state' && field !== 'updated_at');
    expect(await ask('GET', `${way}${resource.id}`)).toMatchObject(Object.fromEntries(lasting));
  }
});

test('a change of config vars is followed by the release that it made, until it has succeeded', async () => {
  await ask('PATCH', `${app}/config-vars`, { A: '1', B: '2' });
  const reply = await server.app.inject({
    url: `${app}/releases`,
    headers: { ...headers, range: 'version ..; max=1, order=desc' },
  });
  const [newest] = reply.json<Resource[]>();
  expect(await ask('GET', `${app}/releases/${newest?.id ?? ''}`)).toMatchObject({
    version: 3,
    status: 'succeeded',
  });
});

test('a feature is switched by its id, and back', async () => {
  const { id } = await ask('GET', `${app}/features/preboot`);
  for (const enabled of [false, true])
    expect(await ask('PATCH', `${app}/features/${id}`, { enabled })).toMatchObject({ id, enabled });
});

test('a collaborator whose id is forgotten already is not found', async () => {
  expect((await server.app.inject({ url: `${app}/collaborators/`, headers })).statusCode).toBe(404);
});
