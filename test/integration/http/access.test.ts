import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEADS } from '../../../daemon/http/access/named.js';
import type { Server } from '../../../daemon/http/server.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { ACTOR, openBench, type Bench } from './support.js';

const BOB = 'bob@example.com';
const EVE = 'eve@example.com';

let bench: Bench;
let tcp: Server;
let shop: AppRecord;

beforeAll(async () => {
  bench = await openBench();
  tcp = bench.server({ trusted: false });
  shop = await bench.pushedApp('shop');
  const addon = await bench.services.addons.create({
    app: shop,
    plan: 'postgres',
    name: 'shop-db',
    attachment: null,
    options: {},
    confirm: null,
    waitMs: null,
    actor: ACTOR,
  });
  expect(addon.name).toBe('shop-db');
});
afterAll(() => bench.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
/** What the tests read of any answer. */
interface Body extends ReadonlyArray<Body> {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly resource: string;
  readonly email: string;
  readonly role: string;
  readonly user: { readonly email: string };
  readonly owner: { readonly email: string };
}
interface Reply {
  readonly status: number;
  readonly body: Body;
}

function as(email: string): (method: Method, url: string, payload?: object) => Promise<Reply> {
  const authorization = `Bearer ${bench.token(email)}`;
  return async (method, url, payload) => {
    const reply = await tcp.app.inject({
      method,
      url,
      headers: { host: 'localhost', authorization },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: reply.statusCode, body: reply.json<Body>() };
  };
}

/** With something in every place but the app's. */
const pathOf = (url: string, app: string): string => url.replace(':app', app).replace(/:[a-z]+/g, 'x');

describe('a stranger', () => {
  it('is kept from every route below an app', async () => {
    const ask = as(EVE);
    const routes = tcp.routes.list().filter(({ url, method }) => url.includes('/:app') && method !== 'HEAD');
    expect(routes.length).toBeGreaterThan(40);
    for (const { method, url, schema } of routes) {
      const { status, body } = await ask(method as Method, pathOf(url, 'shop'), schema.body ? {} : undefined);
      expect([`${method} ${url}`, status, body.message]).toEqual([
        `${method} ${url}`,
        403,
        'You do not have access to the app shop. Its owner can let you in: heroku access:add YOUR_EMAIL -a APP',
      ]);
    }
  });

  it('sees none of it in any list', async () => {
    const ask = as(EVE);
    for (const url of ['/apps', '/users/~/apps', '/addons', '/addon-attachments', '/pipeline-couplings']) {
      expect([url, (await ask('GET', url)).body]).toEqual([url, []]);
    }
    expect((await ask('POST', '/filters/apps', {})).body).toEqual([]);
  });

  it.each([
    ['GET', '/addons/shop-db', undefined],
    ['GET', '/addons/shop-db/addon-attachments', undefined],
    ['POST', '/addon-attachments', { addon: 'shop-db', app: 'shop' }],
    ['POST', '/actions/addons/resolve', { addon: 'DATABASE', app: 'shop' }],
    ['POST', '/actions/addons/resolve', { addon: 'shop-db' }],
    ['POST', '/actions/addon-attachments/resolve', { addon_attachment: 'shop::DATABASE' }],
    ['POST', '/tfk/plans', { app: 'shop', source_blob: { url: 'http://x/' } }],
  ] as const)('is kept from what is named elsewhere: %s %s %j', async (method, url, payload) => {
    expect(await as(EVE)(method, url, payload)).toMatchObject({ status: 403, body: { id: 'forbidden' } });
  });

  it('may call process types and config vars of their own as others call their apps', async () => {
    const ask = as(EVE);
    expect((await ask('POST', '/apps', { name: 'eves-own' })).status).toBe(201);
    const process_types = { app: { command: 'x', name: 'shop' } };
    const reply = await ask('POST', '/apps/eves-own/oci-images', { digest: 'sha256:0', process_types });
    expect(reply).not.toMatchObject({ status: 403 });
    expect((await ask('PATCH', '/apps/eves-own/config-vars', { app: 'shop' })).status).toBe(200);
    expect((await ask('DELETE', '/apps/eves-own')).status).toBe(200);
  });

  it("is told nothing of others' names", async () => {
    const reply = await as(EVE)('GET', '/apps/shoq');
    expect(reply).toMatchObject({ status: 404, body: { resource: 'app' } });
    expect(JSON.stringify(reply.body)).not.toMatch(/shop/);
  });

  it('is told nothing of an add-on of others by the path of an own app', async () => {
    const ask = as(EVE);
    expect((await ask('POST', '/apps', { name: 'eves-path' })).status).toBe(201);
    for (const url of [
      '/apps/eves-path/addons/shop::DATABASE',
      '/tfk/apps/eves-path/addons/shop::DATABASE',
    ]) {
      const reply = await ask('GET', url);
      expect(reply).toMatchObject({ status: 404 });
      expect(JSON.stringify(reply.body)).not.toMatch(/shop-db/);
    }
    expect((await ask('DELETE', '/apps/eves-path')).status).toBe(200);
  });

  it("is told nothing of others' names where they are asked for in other ways, and of their own all", async () => {
    const [eve, owner] = [as(EVE), as(ACTOR)];
    const shop = bench.services.pipelines.create('shop-line');
    await owner('POST', '/pipeline-couplings', { app: 'shop', pipeline: shop.id, stage: 'staging' });
    expect((await eve('POST', '/apps', { name: 'eves' })).status).toBe(201);
    const asked: readonly (readonly [Method, string, object?])[] = [
      ['GET', '/pipelines/shop-lime'],
      ['GET', '/addons/shop-dc'],
      ['GET', '/addons/shop-dc/addon-attachments'],
      ['GET', '/client/v11/databases/shop-dc/wait_status'],
      ['POST', '/actions/addons/resolve', { addon: 'shop-dc' }],
      ['POST', '/actions/addons/resolve', { addon: 'shoq::DATABASE' }],
      ['POST', '/actions/addon-attachments/resolve', { addon_attachment: 'DATABASE', app: 'shoq' }],
      ['POST', '/addon-attachments', { addon: 'shop-dc', app: 'eves' }],
      ['POST', '/pipeline-couplings', { app: 'shoq', pipeline: 'shop-lime', stage: 'staging' }],
      ['POST', '/pipeline-couplings', { app: 'eves', pipeline: 'shop-lime', stage: 'staging' }],
      ['POST', '/tfk/plans', { app: 'shoq', source_blob: { url: 'http://x/' } }],
    ];
    for (const [method, url, payload] of asked) {
      const told = JSON.stringify((await eve(method, url, payload)).body);
      expect([url, told]).toEqual([
        url,
        expect.not.stringMatching(/Did you mean|suggestions|"shop"|shop-db|shop-line/),
      ]);
    }
    expect((await owner('GET', '/pipelines/shop-lime')).body.message).toMatch(/Did you mean shop-line\?/);
    expect((await owner('GET', '/addons/shop-dc')).body.message).toMatch(/Did you mean shop-db\?/);
    const own = await eve('POST', '/addon-attachments', { addon: 'eves-db', app: 'evess' });
    expect(own.body.message).toMatch(/There is no add-on/);
    expect(
      (await eve('POST', '/tfk/plans', { app: 'evess', source_blob: { url: 'http://x/' } })).body.message,
    ).toMatch(/Did you mean eves\?/);
  });

  it('sees nothing of an app by comparing it with their own', async () => {
    expect((await as(EVE)('GET', '/tfk/apps/eves/diff/shop')).body.message).toMatch(
      /do not have access to the app shop/,
    );
    expect((await as(EVE)('GET', '/tfk/apps/eves/diff/shoq')).body.message).not.toMatch(/shop/);
    expect((await as(EVE)('GET', '/tfk/apps/eves/diff/eves')).status).toBe(200);
    expect((await as(ACTOR)('GET', '/tfk/apps/eves/diff/shop')).status).toBe(200);
  });

  it('may not stop tfkd, make tokens for others, or see other users', async () => {
    const ask = as(EVE);
    expect((await ask('POST', '/tfk/shutdown', { scope: 'daemon' })).status).toBe(403);
    expect((await ask('GET', '/tfk/info')).status).toBe(403);
    expect((await ask('POST', '/oauth/authorizations', { user: ACTOR })).status).toBe(403);
    expect((await ask('GET', `/users/${ACTOR}`)).status).toBe(404);
    expect(bench.asked.daemonStops).toBe(0);
  });
});

describe('who is let in', () => {
  it('works on the app until sent away, and owns it never', async () => {
    const owner = as(ACTOR);
    const bob = as(BOB);
    expect((await bob('GET', '/apps/shop')).status).toBe(403);
    const added = await owner('POST', '/apps/shop/collaborators', { user: 'Bob@Example.com', silent: true });
    expect(added).toMatchObject({ status: 201, body: { role: 'collaborator', user: { email: BOB } } });
    expect((await owner('POST', '/apps/shop/collaborators', { user: BOB })).status).toBe(422);

    expect((await bob('GET', '/apps')).body.map(({ name }) => name)).toEqual(['shop']);
    expect((await bob('PATCH', '/apps/shop/config-vars', { app: 'anything' })).body).toEqual({
      app: 'anything',
    });
    const release = (await bob('GET', '/apps/shop/releases')).body.at(-1);
    expect(release?.user).toEqual({ email: BOB, id: (await bob('GET', '/account')).body.id });

    for (const [method, url, body] of [
      ['DELETE', '/apps/shop', undefined],
      ['POST', '/apps/shop/collaborators', { user: EVE }],
      ['DELETE', `/apps/shop/collaborators/${ACTOR}`, undefined],
    ] as const) {
      expect(await bob(method, url, body)).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/Only the owner of shop/) as string },
      });
    }
    const listed = (await bob('GET', '/apps/shop/collaborators')).body;
    expect(listed.map((each) => [each.user.email, each.role])).toEqual([
      [ACTOR, 'owner'],
      [BOB, 'collaborator'],
    ]);
    expect((await owner('DELETE', `/apps/shop/collaborators/${BOB}`)).status).toBe(200);
    expect((await owner('GET', `/apps/shop/collaborators/${BOB}`)).body.resource).toBe('collaborator');
    expect((await bob('GET', '/apps/shop')).status).toBe(403);
  });

  it('may leave again', async () => {
    await as(ACTOR)('POST', '/apps/shop/collaborators', { user: BOB });
    expect((await as(BOB)('DELETE', `/apps/shop/collaborators/${BOB}`)).status).toBe(200);
    expect((await as(BOB)('GET', '/apps/shop')).status).toBe(403);
  });

  it('owns the apps that he makes, which the account sees too', async () => {
    const bob = as(BOB);
    expect((await bob('POST', '/apps', { name: 'bobs' })).body.owner.email).toBe(BOB);
    expect((await bob('GET', '/apps/bobs/releases')).body[0]?.user.email).toBe(BOB);
    expect((await as(ACTOR)('GET', '/apps/bobs')).body.owner.email).toBe(BOB);
    expect((await as(ACTOR)('DELETE', `/apps/bobs/collaborators/${BOB}`)).status).toBe(422);
    expect((await bob('DELETE', '/apps/bobs')).status).toBe(200);
  });

  it.each(['', 'x', 'a@b\nc', 'a b@c', `${'x'.repeat(300)}@y`, 7])('is never called %j', async (user) => {
    const { status } = await as(ACTOR)('POST', '/apps/shop/collaborators', { user });
    expect([404, 422]).toContain(status);
  });
});

describe('every route', () => {
  /** Parts of paths that lead to no app: who asks, what all share, and secrets. */
  const HARMLESS = [
    'user',
    'authorization',
    'buildpack',
    'size',
    'session',
    'feature',
    'service',
    'plan',
    'secret',
    'key',
    'region',
    'stack',
    'code',
    // Of a database, which is looked up itself.
    'credential',
    'schedule',
  ];

  it('names what leads to an app by a word that is looked up', () => {
    const names = tcp.routes
      .list()
      .filter(({ url }) => !url.includes('/apps/:app'))
      .flatMap(({ url }) => [...url.matchAll(/:([a-z_]+)/g)].map(([, name]) => name ?? ''));
    expect([...new Set(names)].filter((name) => !(name in LEADS) && !HARMLESS.includes(name))).toEqual([]);
  });

  it('that changes more than an app needs a token for everything, or is the account’s', () => {
    const loose = tcp.routes
      .list()
      .filter(
        ({ method, url, secretUrl }) =>
          !['GET', 'HEAD'].includes(method) && !secretUrl && !url.includes('/:app'),
      )
      // Paths of Heroku's other hosts, which are told that there is nothing there.
      .filter(({ url }) => !url.includes('*'))
      .filter(({ scope, only }) => scope !== 'global' && only !== 'account')
      .map(({ method, url }) => `${method} ${url}`);
    expect(loose.sort()).toEqual([
      'DELETE /addon-attachments/:attachment',
      'DELETE /client/v11/databases/:database/transfer-schedules/:schedule',
      'DELETE /oauth/authorizations/:authorization',
      'DELETE /oauth/sessions/:session',
      'DELETE /pipeline-couplings/:coupling',
      'DELETE /pipelines/:pipeline',
      'PATCH /pipeline-couplings/:coupling',
      'PATCH /pipelines/:pipeline',
      'POST /actions/addon-attachments/resolve',
      'POST /actions/addons/resolve',
      'POST /addon-attachments',
      'POST /app-setups',
      'POST /apps',
      'POST /auth',
      'POST /client/v11/databases/:database/backups',
      'POST /client/v11/databases/:database/restores',
      'POST /client/v11/databases/:database/transfer-schedules',
      'POST /filters/apps',
      'POST /pipeline-couplings',
      'POST /pipeline-promotions',
      'POST /pipelines',
      'POST /postgres/v0/databases/:database/credentials/:credential/credentials_rotation',
      'POST /postgres/v0/databases/:database/credentials_rotation',
      'POST /sources',
      'POST /tfk/plans',
    ]);
  });

  it('that shows or sets config vars needs a protected scope', () => {
    const config = tcp.routes.list().filter(({ url }) => /config-vars|\/exec|\/dynos\/:dyno$/.test(url));
    const open = config.filter(
      ({ method, url, scope }) =>
        !/protected$/.test(scope ?? '') && !(url.endsWith('/dynos/:dyno') && method !== 'POST'),
    );
    expect(
      open.filter(({ method }) => method !== 'HEAD').map(({ method, url }) => `${method} ${url}`),
    ).toEqual([]);
  });
});

describe('a buildpack of this machine', () => {
  const url = '/apps/shop/buildpack-installations';
  const updates = (...references: string[]) => ({
    updates: references.map((buildpack) => ({ buildpack })),
  });

  it('is set only by who is on it, and kept by others', async () => {
    const owner = as(ACTOR);
    for (const local of ['/srv/buildpack', 'file:///srv/buildpack.git']) {
      const refused = await owner('PUT', url, updates(local));
      expect([refused.status, refused.body.message]).toEqual([
        403,
        expect.stringContaining("is on tfkd's machine"),
      ]);
    }
    bench.services.buildpacks.install(shop, ['/srv/buildpack'], { local: true });
    const kept = await owner('PUT', url, updates('/srv/buildpack', 'https://example.com/x.git'));
    expect(kept).toMatchObject({ status: 200, body: [{ ordinal: 0 }, { ordinal: 1 }] });
    await owner('PUT', url, updates());
  });
});
