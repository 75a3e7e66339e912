import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authorization } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import type { Clock } from '../../../daemon/shared/clock.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
let tcp: Server;
const clock: Clock = { now: () => Date.now(), sleep: async () => undefined };

beforeAll(async () => {
  bench = await openBench();
  tcp = bench.server({ trusted: false, clock });
  await bench.pushedApp('shop');
  await bench.releases.setConfig((await bench.pushedApp('other')).id, { SECRET: 'x' }, ACTOR);
});
afterAll(() => bench.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const as = (token: string) => async (method: Method, url: string, payload?: object) => {
  const reply = await tcp.app.inject({
    method,
    url,
    headers: { host: 'localhost', authorization: token.includes(' ') ? token : `Bearer ${token}` },
    ...(payload === undefined ? {} : { payload }),
  });
  return {
    status: reply.statusCode,
    body: reply.json<Record<string, never> & { id: string; message: string }>(),
  };
};
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('a token', () => {
  it.each([
    ['read', 'GET', '/apps/shop', 200],
    ['read', 'GET', '/apps/shop/config-vars', 403],
    ['read', 'GET', '/apps/shop/releases/current/config-vars', 403],
    ['read', 'PATCH', '/apps/shop', 403],
    ['read', 'POST', '/apps/shop/log-sessions', 201],
    ['read', 'GET', '/account', 200],
    ['read-protected', 'GET', '/apps/shop/config-vars', 200],
    ['read-protected', 'PATCH', '/apps/shop/config-vars', 403],
    ['write', 'PATCH', '/apps/shop', 200],
    ['write', 'GET', '/apps/shop/config-vars', 403],
    ['write', 'PATCH', '/apps/shop/config-vars', 403],
    ['write', 'POST', '/apps/shop/dynos', 403],
    ['write', 'POST', '/oauth/authorizations', 403],
    ['write-protected', 'PATCH', '/apps/shop/config-vars', 200],
    ['write-protected', 'POST', '/oauth/authorizations', 403],
    ['write-protected', 'POST', '/tfk/shutdown', 403],
    ['identity', 'GET', '/account', 200],
    ['identity', 'GET', '/apps', 403],
    ['identity', 'GET', '/nothing/of/the/kind', 403],
    ['global', 'POST', '/oauth/authorizations', 201],
  ] as const)('of the scope %s: %s %s is %d', async (scope, method, url, status) => {
    const reply = await as(bench.token(ACTOR, [scope]))(method, url, method === 'GET' ? undefined : {});
    expect([reply.status, reply.body]).toEqual([status, expect.anything()]);
    if (status === 403)
      expect(reply.body).toMatchObject({
        id: 'forbidden',
        message: expect.stringMatching(/scope/) as string,
      });
  });

  it('is made with a scope, shown once, renewed, described and revoked', async () => {
    const global = as(bench.token());
    const made = (await global('POST', '/oauth/authorizations', { description: 'CI', scope: ['read'] }))
      .body as unknown as Authorization;
    const path = `/oauth/authorizations/${made.id}`;
    expect(made.scope).toEqual(['read']);
    const old = made.access_token?.token ?? '';
    expect((await as(old)('GET', '/apps')).status).toBe(200);

    expect((await global('PATCH', path, { description: 'Nightly' })).body).toMatchObject({
      description: 'Nightly',
      access_token: { token: '' },
    });
    const renewed = (await global('POST', `${path}/actions/regenerate-tokens`))
      .body as unknown as Authorization;
    expect(renewed.access_token?.token).not.toBe(old);
    expect((await as(old)('GET', '/apps')).status).toBe(401);
    expect((await as(renewed.access_token?.token ?? '')('GET', '/apps')).status).toBe(200);

    expect((await global('DELETE', path)).status).toBe(200);
    expect(await as(renewed.access_token?.token ?? '')('GET', '/apps')).toMatchObject({
      status: 401,
      body: { id: 'unauthorized' },
    });
    expect((await global('DELETE', path)).status).toBe(404);
  });

  it('refuses scopes that there are not, naming the field', async () => {
    const reply = await as(bench.token())('POST', '/oauth/authorizations', { scope: ['all'] });
    expect(reply).toMatchObject({
      status: 422,
      body: { id: 'invalid_params', message: expect.stringMatching(/scope\.0/) as string },
    });
  });

  it('finds itself in the list with its text, and no other', async () => {
    const token = bench.token();
    bench.token();
    const list = (await as(token)('GET', '/oauth/authorizations')).body as unknown as Authorization[];
    const texts = list.map((each) => each.access_token?.token).filter((text) => text !== '');
    expect(texts).toEqual([token]);
    // Heroku's logout revokes what it finds in the list, unless this is its text.
    const own = (await as(token)('GET', '/oauth/authorizations/~')).body as unknown as Authorization;
    expect(own.access_token?.token).toBe('');
  });

  it('of a narrow scope sees and revokes none but itself', async () => {
    const narrow = as(bench.token(ACTOR, ['read']));
    const list = (await narrow('GET', '/oauth/authorizations')).body as unknown as Authorization[];
    expect(list).toHaveLength(1);
    const other = bench.services.account.tokens()[0]?.id ?? '';
    expect((await narrow('DELETE', `/oauth/authorizations/${other}`)).status).toBe(404);
    expect((await narrow('DELETE', '/oauth/authorizations/~')).status).toBe(200);
    expect((await narrow('GET', '/account')).status).toBe(401);
  });

  it('is no good after its time', async () => {
    const { record, token } = bench.services.account.createToken({
      userId: bench.services.account.account().id,
      description: 'short',
      scope: ['global'],
      expiresAt: Date.now() - 1,
    });
    expect(record.expiresAt).not.toBeNull();
    expect((await as(token)('GET', '/account')).status).toBe(401);
  });
});

describe('heroku login -i', () => {
  const ask = { description: 'Heroku CLI login', expires_in: 2_592_000, scope: ['global'] };

  it('takes a token of that user for the password', async () => {
    const reply = await as(basic(ACTOR, bench.token()))('POST', '/oauth/authorizations', ask);
    expect(reply).toMatchObject({ status: 201, body: { user: { email: ACTOR } } });
    const { access_token } = reply.body as unknown as Authorization;
    expect(access_token?.expires_in).toBe(2_592_000);
    expect((await as(access_token?.token ?? '')('GET', '/account')).body).toMatchObject({ email: ACTOR });
  });

  it.each([
    ['a wrong password', () => basic(ACTOR, 'hunter2'), /password is not a token.* tfk auth:token$/],
    [
      "another's e-mail address",
      () => basic('eve@example.com', bench.token()),
      /not of the user.* tfk auth:token --user EMAIL$/,
    ],
  ])('says for %s what a password is', async (_what, header, message) => {
    expect(await as(header())('POST', '/oauth/authorizations', ask)).toMatchObject({
      status: 401,
      body: {
        id: 'unauthorized',
        message: expect.stringMatching(message) as string,
      },
    });
  });
});
