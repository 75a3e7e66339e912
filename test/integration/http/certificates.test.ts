import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App, Domain, SniEndpoint } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { makeCertificate, makeChain } from '../../support/certificates.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
let server: Server;
beforeEach(async () => {
  bench = await openBench();
  server = bench.server();
  bench.services.apps.create({ name: 'shop', actor: ACTOR });
  bench.services.apps.create({ name: 'billing', actor: ACTOR });
});
afterEach(() => bench.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

async function ask<T>(method: Method, path: string, payload?: object): Promise<T> {
  const reply = await server.app.inject({
    method,
    url: `/apps/shop${path}`,
    ...(payload ? { payload } : {}),
  });
  expect(reply.statusCode, reply.body).toBe(method === 'POST' && path !== '/acm' ? 201 : 200);
  return reply.json<T>();
}

async function refusal(method: Method, url: string, payload?: object) {
  const reply = await server.app.inject({ method, url, ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, ...reply.json<{ id: string; message: string }>() };
}

const certificateOf = (...names: string[]) => {
  const { certificate, key } = makeCertificate({ names });
  return { certificate_chain: certificate, private_key: key };
};

const addDomain = (hostname: string, sni_endpoint: string | null = null) =>
  ask<Domain>('POST', '/domains', { hostname, sni_endpoint });

const domainNamed = (hostname: string) => ask<Domain>('GET', `/domains/${hostname}`);

describe('SNI endpoints', () => {
  test('are made with what their certificate says, and answered without the key', async () => {
    const { host, chain } = makeChain(['www.example.com']);
    const reply = await server.app.inject({
      method: 'POST',
      url: '/apps/shop/sni-endpoints',
      payload: { certificate_chain: chain, private_key: host.key },
    });
    expect(reply.statusCode, reply.body).toBe(201);
    expect(reply.body).not.toContain('PRIVATE');
    const made = reply.json<SniEndpoint>();
    expect(made).toMatchObject({
      app: { name: 'shop' },
      certificate_chain: chain,
      display_name: null,
      domains: [],
      ssl_cert: {
        acm: false,
        'ca_signed?': false,
        'self_signed?': false,
        cert_domains: ['www.example.com'],
        issuer: '/CN=Test Intermediate',
        subject: '/CN=www.example.com',
      },
    });
    expect(made.name).toMatch(/^[a-z]+-\d{4,5}$/);
    expect(await ask('GET', `/sni-endpoints/${made.name}`)).toEqual(made);
    expect(await ask('GET', `/sni-endpoints/${made.id}`)).toEqual(made);
    expect(await ask('GET', '/sni-endpoints')).toEqual([made]);
    expect(await ask('DELETE', `/sni-endpoints/${made.name}`)).toEqual(made);
    expect(await ask('GET', '/sni-endpoints')).toEqual([]);
  });

  test('have their keys sealed at rest', async () => {
    const certificate = certificateOf('www.example.com');
    const { id } = await ask<SniEndpoint>('POST', '/sni-endpoints', certificate);
    expect(bench.store.sniEndpoints.privateKey(id)).toBe(certificate.private_key);
    const line = certificate.private_key.split('\n')[1] ?? 'none';
    for (const file of ['tfk.db', 'tfk.db-wal'])
      expect(readFileSync(join(bench.home, file)).includes(line), file).toBe(false);
  });

  test('are given to the domains that they name and that have none', async () => {
    await addDomain('www.example.com');
    await addDomain('shop.example.net');
    const first = await ask<SniEndpoint>('POST', '/sni-endpoints', certificateOf('www.example.com'));
    const second = await ask<SniEndpoint>('POST', '/sni-endpoints', certificateOf('*.example.com'));
    expect((await domainNamed('www.example.com')).sni_endpoint?.name).toBe(first.name);
    expect((await domainNamed('shop.example.net')).sni_endpoint).toBeNull();
    const { id, sni_endpoint } = await addDomain('api.example.com');
    expect(sni_endpoint).toEqual({ id: second.id, name: second.name });
    expect((await ask<SniEndpoint>('GET', `/sni-endpoints/${second.name}`)).domains).toEqual([id]);
  });

  test('are changed in place, and removed from their domains', async () => {
    const { id } = await addDomain('www.example.com');
    const before = await ask<SniEndpoint>('POST', '/sni-endpoints', certificateOf('www.example.com'));
    const after = await ask<SniEndpoint>(
      'PATCH',
      `/sni-endpoints/${before.name}`,
      certificateOf('*.example.com'),
    );
    expect(after).toMatchObject({ id: before.id, name: before.name, domains: [id] });
    expect(after.ssl_cert.cert_domains).toEqual(['*.example.com']);
    expect(after.ssl_cert.id).not.toBe(before.ssl_cert.id);
    await ask('DELETE', `/sni-endpoints/${before.id}`);
    expect((await domainNamed('www.example.com')).sni_endpoint).toBeNull();
  });

  test.each([
    ['an expired one', { from: new Date(0), to: new Date(1e12) }, 'certificate_chain expired at'],
    ['a nameless one', { names: [], commonName: 'Example Incorporated' }, 'certificate_chain names no host'],
  ])('are not made of %s', async (_, making, message) => {
    const { certificate, key } = makeCertificate({ names: ['www.example.com'], ...making });
    const payload = { certificate_chain: certificate, private_key: key };
    const reply = await refusal('POST', '/apps/shop/sni-endpoints', payload);
    expect(reply).toMatchObject({ status: 422, id: 'invalid_params' });
    expect(reply.message).toContain(message);
    expect(await ask('GET', '/sni-endpoints')).toEqual([]);
  });

  test.each([
    [{}, 422],
    [{ certificate_chain: 1, private_key: null }, 422],
    [{ certificate_chain: 'x', private_key: 'y'.repeat(3_000_000) }, 413],
  ])('are not made of a body that is none', async (payload, status) => {
    expect((await refusal('POST', '/apps/shop/sni-endpoints', payload)).status).toBe(status);
  });

  test("are an app's own", async () => {
    const { name } = await ask<SniEndpoint>('POST', '/sni-endpoints', certificateOf('www.example.com'));
    for (const path of ['sni-endpoints/tokyo-1', `sni-endpoints/${name}`]) {
      const reply = await refusal('GET', `/apps/billing/${path}`);
      expect(reply).toMatchObject({ status: 404, resource: 'sni_endpoint' });
    }
    const payload = { hostname: 'www.example.org', sni_endpoint: name };
    expect(await refusal('POST', '/apps/billing/domains', payload)).toMatchObject({ status: 404 });
    expect(bench.store.domains.byHostname('www.example.org')).toBeUndefined();
  });

  test('go with their app', async () => {
    await ask('POST', '/sni-endpoints', certificateOf('www.example.com'));
    const app = bench.store.apps.find('shop');
    bench.store.apps.markDestroyed(app?.id ?? '', Date.now());
    bench.store.apps.delete(app?.id ?? '');
    expect(bench.store.sniEndpoints.list(app?.id ?? '')).toEqual([]);
  });
});

describe('domains', () => {
  test('are given a certificate by name or id, and let it go', async () => {
    const { name, id } = await ask<SniEndpoint>('POST', '/sni-endpoints', certificateOf('www.example.org'));
    expect((await addDomain('www.example.com', name)).sni_endpoint).toEqual({ id, name });
    expect((await addDomain('api.example.com', id)).sni_endpoint).toEqual({ id, name });
    const update = (sni_endpoint: string | null) =>
      ask<Domain>('PATCH', '/domains/www.example.com', { sni_endpoint });
    expect((await update(null)).sni_endpoint).toBeNull();
    expect((await update(name)).sni_endpoint).toEqual({ id, name });
    expect(await refusal('PATCH', '/apps/shop/domains/www.example.com', {})).toMatchObject({ status: 422 });
  });

  test('name where DNS should point, since Heroku clients wait for it', async () => {
    expect(await addDomain('www.example.com')).toMatchObject({ cname: 'shop.localhost', status: 'none' });
  });
});

describe('automatic certificates', () => {
  const enable = () => ask<App>('POST', '/acm', {});

  test('are made for domains without one, and follow them', async () => {
    await ask('POST', '/sni-endpoints', certificateOf('own.example.com'));
    await addDomain('own.example.com');
    await addDomain('www.example.com');
    expect((await enable()).acm).toBe(true);
    expect(await domainNamed('www.example.com')).toMatchObject({ acm_status: 'cert issued' });
    await addDomain('*.example.net');
    const endpoints = await ask<SniEndpoint[]>('GET', '/sni-endpoints');
    const automatic = endpoints.find(({ ssl_cert }) => ssl_cert.acm);
    expect(automatic?.ssl_cert).toMatchObject({
      cert_domains: ['*.example.net', 'www.example.com'],
      issuer: '/CN=Test Authority',
    });
    expect(automatic?.domains).toHaveLength(2);
    expect((await domainNamed('own.example.com')).sni_endpoint?.name).not.toBe(automatic?.name);
    await ask('DELETE', '/domains/www.example.com');
    await ask('DELETE', '/domains/*.example.net');
    expect(await ask<SniEndpoint[]>('GET', '/sni-endpoints')).toHaveLength(1);
  });

  test('are made anew when asked, and not without need', async () => {
    await addDomain('www.example.com');
    await enable();
    const [first] = await ask<SniEndpoint[]>('GET', '/sni-endpoints');
    await enable();
    expect(await ask<SniEndpoint[]>('GET', '/sni-endpoints')).toEqual([first]);
    await ask('PATCH', '/acm', { acm_refresh: true });
    const [second] = await ask<SniEndpoint[]>('GET', '/sni-endpoints');
    expect(second?.name).toBe(first?.name);
    expect(second?.ssl_cert.id).not.toBe(first?.ssl_cert.id);
  });

  test('are not made for names that the authority does not vouch for', async () => {
    await addDomain('www.example.edu');
    await enable();
    expect(await domainNamed('www.example.edu')).toMatchObject({ acm_status: 'failed', sni_endpoint: null });
    expect((await domainNamed('www.example.edu')).acm_status_reason).toContain('tfk certs:add');
    expect(await ask('GET', '/sni-endpoints')).toEqual([]);
  });

  test('say who signs them', async () => {
    const { headers } = await server.app.inject({ method: 'POST', url: '/apps/shop/acm', payload: {} });
    expect(headers['x-heroku-warning']).toContain('tfk certs:trust');
  });

  test('are not changed or removed by hand, and go when they are switched off', async () => {
    await addDomain('www.example.com');
    await enable();
    const [made] = await ask<SniEndpoint[]>('GET', '/sni-endpoints');
    const url = `/apps/shop/sni-endpoints/${made?.name ?? ''}`;
    const { status, message } = await refusal('DELETE', url);
    expect([status, message]).toEqual([
      422,
      expect.stringMatching(/To go without: heroku certs:auto:disable -a shop$/),
    ]);
    expect(await refusal('PATCH', url, certificateOf('www.example.com'))).toMatchObject({ status: 422 });
    expect((await ask<App>('DELETE', '/acm')).acm).toBe(false);
    expect(await ask('GET', '/sni-endpoints')).toEqual([]);
    expect(await domainNamed('www.example.com')).toMatchObject({ acm_status: null, sni_endpoint: null });
  });

  test('stay one for an app, however often it is asked at once', async () => {
    await addDomain('www.example.com');
    await Promise.all([enable(), enable(), ask('DELETE', '/acm'), enable()]);
    expect(await ask('GET', '/sni-endpoints')).toHaveLength(1);
  });
});
