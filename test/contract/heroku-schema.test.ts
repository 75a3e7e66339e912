import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Build, Dyno, Key, Release, Slug, SniEndpoint } from '../../api/index.js';
import { unknownField } from '../../daemon/http/known-fields.js';
import { resourceView } from '../../daemon/http/resource-view.js';
import type { Server } from '../../daemon/http/server.js';
import { systemClock } from '../../daemon/shared/clock.js';
import { newId } from '../../daemon/shared/ids.js';
import { createLogger } from '../../daemon/shared/logger.js';
import type { ResourceRef } from '../../daemon/store/changes.js';
import { WebhookEvents } from '../../daemon/webhooks/events.js';
import { openBench, type Bench } from '../integration/http/support.js';
import { makeCertificate } from '../support/certificates.js';
import { AN_SSH_KEY } from '../support/ssh-keys.js';
import { HerokuSchema, type SchemaLink } from './heroku-schema.js';
import { checkResourceTable } from './resource-table.js';

const published = HerokuSchema.published();

describe.skipIf(!published)("replies to Heroku's clients", () => {
  let bench: Bench;
  let server: Server;
  let schema: HerokuSchema;
  /** Verbs that were asked for, and done. */
  const done = new Set<SchemaLink>();
  beforeAll(async () => {
    if (published) schema = published;
    bench = await openBench();
    server = bench.server();
    const app = await bench.pushedApp('users-api');
    await bench.pushedApp('billing');
    bench.dyno(app, 'web.1');
  });
  afterAll(() => bench.close());

  /** The reply, after it was held against the schema. */
  async function ask<T>(method: InjectOptions['method'], url: string, payload?: object): Promise<T> {
    const reply = await server.app.inject({ method: method ?? 'GET', url, ...(payload ? { payload } : {}) });
    expect(reply.statusCode, reply.body).toBeLessThan(300);
    expect(schema.violations(method ?? 'GET', url, reply.json())).toEqual([]);
    for (const link of schema.asked(method ?? 'GET', url)) done.add(link);
    return reply.json<T>();
  }

  it.each([
    '/account',
    '/account/rate-limits',
    '/account/features',
    '/users/~',
    '/users/~/apps',
    '/apps',
    '/apps/users-api',
    '/apps/users-api/config-vars',
    '/apps/users-api/releases',
    '/apps/users-api/releases/2',
    '/apps/users-api/releases/2/config-vars',
    '/apps/users-api/formation',
    '/apps/users-api/formation/web',
    '/apps/users-api/dynos',
    '/apps/users-api/dynos/web.1',
    '/apps/users-api/domains',
    '/apps/users-api/collaborators',
    '/apps/users-api/features',
    '/apps/users-api/features/preboot',
    '/apps/users-api/buildpack-installations',
    '/apps/users-api/log-drains',
    '/apps/users-api/sni-endpoints',
    '/addon-services',
    '/addon-services/postgres',
    '/addon-services/postgres/plans',
    '/addon-services/postgres/plans/local',
    '/plans/heroku-postgresql:local',
    '/regions',
    '/stacks',
    '/stacks/container',
    '/apps/users-api/available-stacks',
    '/regions/us',
    '/dyno-sizes/standard-1x',
    '/dyno-sizes',
    '/apps/users-api/available-dyno-sizes',
    '/teams',
    '/account/keys',
  ])('GET %s fits', async (url) => {
    await ask('GET', url);
  });

  it('fit when keys are added', async () => {
    // Heroku's clients add them, though Heroku's schema does not say how.
    const payload = { public_key: AN_SSH_KEY };
    const made = await server.app.inject({ method: 'POST', url: '/account/keys', payload });
    await ask('GET', `/account/keys/${made.json<Key>().id}`);
    await ask('GET', '/account/keys');
  });

  it('fit when apps are made, changed and destroyed', async () => {
    await ask('POST', '/apps', { name: 'short-lived' });
    await ask('PATCH', '/apps/short-lived', { maintenance: true });
    await ask('DELETE', '/apps/short-lived');
  });

  it('fit when features are turned on and off', async () => {
    await ask('PATCH', '/apps/users-api/features/preboot', { enabled: false });
    await ask('PATCH', '/apps/users-api/features/preboot', { enabled: true });
  });

  it('fit when releases are made', async () => {
    await ask('PATCH', '/apps/users-api/config-vars', { A: '1' });
    await ask('PATCH', '/apps/users-api/config-vars', { A: null });
    const rolled = await ask<Release>('POST', '/apps/users-api/releases', { release: '3' });
    await ask('POST', '/apps/users-api/releases', { slug: rolled.slug?.id }).catch(() => undefined);
    await ask('GET', `/apps/users-api/slugs/${rolled.slug?.id ?? ''}`);
    const { id } = await ask<Slug>('POST', '/apps/users-api/slugs', { process_types: { web: './web' } });
    await ask('GET', `/apps/users-api/slugs/${id}`);
  });

  it('fit when images are registered', async () => {
    const { id: app } = await ask<{ id: string }>('POST', '/apps', { name: 'imaged' });
    bench.store.apps.setEngine(app, 'docker', 1);
    const digest = `sha256:${'1'.repeat(64)}`;
    bench.asked.images.set(digest, {
      id: digest,
      architecture: 'amd64',
      command: './web',
      hasTriggers: false,
    });
    const { id } = await ask<{ id: string }>('POST', '/apps/imaged/oci-images', { digest });
    await ask('GET', `/apps/imaged/oci-images/${id}`);
    await ask('POST', '/apps/imaged/releases', { oci_image: id });
    await ask('PATCH', '/apps/imaged/formation', { updates: [{ type: 'worker', docker_image: digest }] });
    await ask('DELETE', '/apps/imaged');
  });

  it('fit when builds are made', async () => {
    await ask('PUT', '/apps/users-api/buildpack-installations', {
      updates: [{ buildpack: 'heroku/nodejs' }],
    });
    await ask('GET', '/apps/users-api/buildpack-installations');
    await ask('POST', '/sources');
    await ask('POST', '/apps/users-api/sources');
    const buildpacks = [{ url: 'https://github.com/heroku/heroku-buildpack-nodejs' }];
    const body = { source_blob: { url: 'https://example.com/x.tgz' }, buildpacks };
    const { id } = await ask<Build>('POST', '/apps/users-api/builds', body);
    await ask('GET', `/apps/users-api/builds/${id}`);
    await ask('GET', '/apps/users-api/builds');
    await ask('DELETE', `/apps/users-api/builds/${id}`);
    await ask('DELETE', '/apps/users-api/build-cache');
  });

  it('fit when dynos are scaled, run and stopped', async () => {
    await ask('PATCH', '/apps/users-api/formation', { updates: [{ type: 'web', quantity: 2 }] });
    await ask('PATCH', '/apps/users-api/formation/web', { quantity: 1 });
    await ask<Dyno>('POST', '/apps/users-api/dynos', { command: 'ls', attach: true });
    await ask('DELETE', '/apps/users-api/dynos/web.1');
    await ask('DELETE', '/apps/users-api/formations/web');
    await ask('DELETE', '/apps/users-api/dynos');
    await ask('POST', '/apps/users-api/dynos/web.1/actions/stop');
    await ask('POST', '/apps/users-api/formations/web/actions/stop');
  });

  it('fit when domains, log sessions and tokens are made', async () => {
    await ask('POST', '/apps/users-api/domains', { hostname: 'www.example.com' });
    await ask('GET', '/apps/users-api/domains/www.example.com');
    await ask('DELETE', '/apps/users-api/domains/www.example.com');
    await ask('POST', '/apps/users-api/log-sessions', { lines: 10 });
    const { id } = await ask<{ id: string }>('POST', '/oauth/authorizations', { description: 'x' });
    await ask('GET', `/oauth/authorizations/${id}`);
    await ask('GET', '/oauth/authorizations');
    await ask('PATCH', `/oauth/authorizations/${id}`, { description: 'y' });
    await ask('POST', `/oauth/authorizations/${id}/actions/regenerate-tokens`);
    await ask('DELETE', `/oauth/authorizations/${id}`);
  });

  it('fit when certificates are handed in or made', async () => {
    const { certificate, key } = makeCertificate({ names: ['www.example.org'] });
    const body = { certificate_chain: certificate, private_key: key };
    await ask('POST', '/apps/users-api/domains', { hostname: 'www.example.org', sni_endpoint: null });
    const { name, id } = await ask<SniEndpoint>('POST', '/apps/users-api/sni-endpoints', body);
    await ask('GET', '/apps/users-api/sni-endpoints');
    await ask('GET', `/apps/users-api/sni-endpoints/${id}`);
    await ask('PATCH', `/apps/users-api/sni-endpoints/${name}`, body);
    await ask('PATCH', '/apps/users-api/domains/www.example.org', { sni_endpoint: name });
    await ask('DELETE', `/apps/users-api/sni-endpoints/${name}`);
    await ask('POST', '/apps/users-api/acm', {});
    await ask('PATCH', '/apps/users-api/acm', { acm_refresh: true });
    await ask('GET', '/apps/users-api/sni-endpoints');
    await ask('DELETE', '/apps/users-api/acm');
    await ask('DELETE', '/apps/users-api/domains/www.example.org');
  });

  it('fit when log drains are made, shown and removed', async () => {
    const { id } = await ask<{ id: string }>('POST', '/apps/users-api/log-drains', {
      url: 'syslog+tls://127.0.0.1:9',
    });
    await ask('GET', `/apps/users-api/log-drains/${id}`);
    await ask('GET', '/apps/users-api/log-drains');
    await ask('DELETE', '/apps/users-api/log-drains/syslog%2Btls%3A%2F%2F127.0.0.1%3A9');
  });

  it('fit when add-ons are made, attached and destroyed', async () => {
    const { name } = await ask<{ name: string }>('POST', '/apps/users-api/addons', { plan: 'postgres' });
    await ask('GET', '/addons');
    await ask('GET', `/addons/${name}`);
    await ask('GET', '/apps/users-api/addons');
    await ask('GET', `/apps/users-api/addons/${name}`);
    const attachment = await ask<{ id: string }>('POST', '/addon-attachments', {
      addon: name,
      app: 'billing',
    });
    await ask('GET', '/addon-attachments');
    await ask('GET', `/addon-attachments/${attachment.id}`);
    await ask('GET', '/apps/billing/addon-attachments');
    await ask('GET', `/apps/billing/addon-attachments/${attachment.id}`);
    await ask('GET', `/addons/${name}/addon-attachments`);
    await ask('GET', `/addons/${name}/log-drains`);
    await ask('GET', `/addons/${name}/config`);
    await ask('GET', '/users/~/addons');
    await ask('PATCH', `/apps/users-api/addons/${name}`, { plan: { name: 'postgres:local' } });
    await ask('POST', '/actions/addons/resolve', { addon: name, app: 'users-api' });
    await ask('POST', '/actions/addon-attachments/resolve', { addon_attachment: 'DATABASE', app: 'billing' });
    await ask('DELETE', `/addon-attachments/${attachment.id}`);
    await ask('DELETE', `/apps/users-api/addons/${name}`);
  });

  it('fit when webhooks are made, told of something and removed', async () => {
    const view = (ref: ResourceRef) => resourceView(bench.services, '', ref);
    const actor = (email: string | null) => ({ id: newId(), email: email ?? 'ada@example.com' });
    const [clock, logger, wake] = [systemClock, createLogger('silent', 'test'), () => undefined];
    bench.store.observe(new WebhookEvents({ store: bench.store, clock, logger, view, actor, wake }));
    const input = { include: ['api:domain'], level: 'notify', url: 'http://127.0.0.1:9/' };
    const { id } = await ask<{ id: string }>('POST', '/apps/users-api/webhooks', input);
    await ask('GET', '/apps/users-api/webhooks');
    await ask('GET', `/apps/users-api/webhooks/${id}`);
    await ask('PATCH', `/apps/users-api/webhooks/${id}`, { level: 'sync' });
    await ask('POST', '/apps/users-api/domains', { hostname: 'hooked.example.com' });
    const [event] = await ask<{ id: string }[]>('GET', '/apps/users-api/webhook-events');
    await ask('GET', `/apps/users-api/webhook-events/${event?.id ?? ''}`);
    const [delivery] = await ask<{ id: string }[]>('GET', '/apps/users-api/webhook-deliveries');
    await ask('GET', `/apps/users-api/webhook-deliveries/${delivery?.id ?? ''}`);
    bench.store.webhookDeliveries.begin(delivery?.id ?? '', newId(), 1);
    const end = { status: 'failed', code: 500, error: 'UnexpectedStatus', nextAttemptAt: null } as const;
    bench.store.webhookDeliveries.end(delivery?.id ?? '', end, 2);
    await ask('GET', '/apps/users-api/webhook-deliveries');
    await ask('DELETE', `/apps/users-api/webhooks/${id}`);
  });

  it('fit when an app is set up', async () => {
    const setup = await ask<{ id: string; app: { name: string } }>('POST', '/app-setups', {
      app: { name: 'set-up', region: 'us', stack: 'heroku-24' },
      source_blob: { url: 'http://localhost/no-such-source.tgz', checksum: null },
      overrides: { env: { A: '1' } },
    });
    await ask('GET', `/app-setups/${setup.id}`);
    await ask('DELETE', '/apps/set-up');
  });

  it('fit when pipelines are made, filled, promoted and taken apart', async () => {
    const { id } = await ask<{ id: string }>('POST', '/pipelines', { name: 'users' });
    await ask('GET', '/pipelines?eq[name]=users');
    await ask('GET', `/pipelines/${id}`);
    await ask('PATCH', `/pipelines/${id}`, { name: 'people' });
    const couple = (app: string, stage: string) =>
      ask<{ id: string; app: { id: string } }>('POST', '/pipeline-couplings', { app, pipeline: id, stage });
    const [source, target] = [await couple('users-api', 'staging'), await couple('billing', 'staging')];
    await ask('PATCH', `/pipeline-couplings/${target.id}`, { stage: 'production' });
    await ask('GET', '/pipeline-couplings');
    await ask('GET', '/users/~/pipeline-couplings');
    await ask('GET', `/pipeline-couplings/${source.id}`);
    await ask('GET', '/apps/users-api/pipeline-couplings');
    await ask('GET', `/pipelines/${id}/pipeline-couplings`);
    await ask('POST', '/filters/apps', { in: { id: [source.app.id, target.app.id] } });
    const promotion = await ask<{ id: string }>('POST', '/pipeline-promotions', {
      pipeline: { id },
      source: { app: source.app },
      targets: [{ app: target.app }],
    });
    await ask('GET', `/pipeline-promotions/${promotion.id}`);
    await ask('GET', `/pipeline-promotions/${promotion.id}/promotion-targets`);
    await ask('GET', `/pipelines/${id}/latest-builds`);
    await ask('GET', `/pipelines/${id}/latest-releases`);
    await ask('GET', `/pipelines/${id}/latest-deployments`);
    await ask('GET', `/pipelines/${id}/pipeline-stack`);
    await ask('DELETE', `/pipeline-couplings/${source.id}`);
    await ask('DELETE', `/pipelines/${id}`);
  });

  it('fit when others are let in', async () => {
    await ask('POST', '/apps/users-api/collaborators', { user: 'bob@example.com' });
    await ask('GET', '/apps/users-api/collaborators/bob@example.com');
    await ask('DELETE', '/apps/users-api/collaborators/bob@example.com');
  });

  it('are given to requests with any field that Heroku’s API takes', () => {
    const routes = server.routes.list().filter((route) => route.schema.body !== undefined);
    const refused = routes.flatMap(({ method, url, schema: { body } }) =>
      schema
        .fields(method, url.replace(/:[a-z]+/g, 'x'))
        .filter((field) => unknownField(body as object, { [field]: null }) !== null)
        .map((field) => `${method} ${url}: ${field}`),
    );
    expect(routes.length).toBeGreaterThan(30);
    expect(refused).toEqual([]);
  });

  it('would not fit if a field were missing or of another type', async () => {
    const app = (await server.app.inject('/apps/users-api')).json<Record<string, unknown>>();
    const { name, ...nameless } = app;
    expect(name).toBe('users-api');
    expect(schema.violations('GET', '/apps/users-api', nameless)).toEqual(['name is missing']);
    expect(schema.violations('GET', '/apps/users-api', { ...app, maintenance: 'no' })).toHaveLength(1);
    expect(schema.violations('GET', '/apps/users-api', { ...app, id: 'no uuid' })).toHaveLength(1);
  });

  it('are what docs/heroku-compatibility.md says: done above, or refused with words that say why', async () => {
    const verdicts = [];
    for (const link of schema.all())
      verdicts.push({ ...link, refusal: done.has(link) ? null : await refusalOf(link) });
    const unexplained = verdicts.filter(({ refusal }) => refusal === undefined);
    expect(unexplained.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    checkResourceTable(verdicts.map((verdict) => ({ ...verdict, refusal: verdict.refusal ?? null })));
  });

  /** Why the verb is not there; undefined where the answer does not say it. */
  async function refusalOf({ method, path }: SchemaLink): Promise<string | undefined> {
    const reply = await server.app.inject({
      method: method as 'GET',
      url: path.replaceAll('*', 'users-api'),
      ...(method === 'GET' || method === 'DELETE' ? {} : { payload: {} }),
    });
    const { id, message = '' } = reply.json<{ id?: string; message?: string }>();
    const explains = id === 'not_implemented' || (id === 'not_found' && !message.startsWith('There is no '));
    return explains ? message : undefined;
  }
});
