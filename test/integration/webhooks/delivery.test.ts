import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWebhooks, type WebhookStage } from '../../../daemon/main/webhooks.js';
import { Acting } from '../../../daemon/shared/acting.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { WebhookInput } from '../../../daemon/webhooks/webhooks.js';
import { ACTOR, openBench, type Bench } from '../http/support.js';
import { expectSigned, openReceiver, type Received, type Receiver } from './receiver.js';

const WAIT = { timeout: 20_000, interval: 20 };
const SECRET = 'a-secret-that-nobody-else-knows';

/** Passes when told to, and lets sleepers go that have slept long enough by then. */
class PlayedClock implements Clock {
  private offset = 0;
  private readonly sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return Date.now() + this.offset;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const sleeper = { until: this.now() + ms, wake: () => ended.abort() };
    this.sleepers.add(sleeper);
    const give = (): void => ended.abort();
    if (signal?.aborted) give();
    signal?.addEventListener('abort', give, { once: true });
    await systemClock.sleep(ms, ended.signal);
    signal?.removeEventListener('abort', give);
    this.sleepers.delete(sleeper);
  }
  pass(ms: number): void {
    this.offset += ms;
    for (const { until, wake } of this.sleepers) if (until <= this.now()) wake();
  }
}

describe('webhooks', () => {
  let bench: Bench;
  let app: AppRecord;
  let clock: PlayedClock;
  let stage: WebhookStage;
  const acting = new Acting();
  const receivers: Receiver[] = [];

  const openStage = (): WebhookStage => {
    const opened = createWebhooks({
      store: bench.store,
      clock,
      logger: createLogger('silent', 'test'),
      acting,
    });
    opened.start(bench.services, () => 'http://127.0.0.1:4270');
    return opened;
  };
  const receiver = async (): Promise<Receiver> => {
    const opened = await openReceiver();
    receivers.push(opened);
    return opened;
  };
  const hook = (to: Receiver | string, input: Partial<WebhookInput> = {}) =>
    stage.webhooks.create(app.id, {
      url: typeof to === 'string' ? to : to.url,
      include: ['api:domain'],
      level: 'sync',
      secret: SECRET,
      authorization: null,
      ...input,
    }).webhook;
  const addDomain = (hostname: string, to = app) =>
    bench.services.domains.add({ app: to, hostname, sniEndpoint: null, actor: ACTOR });
  const deliveries = () => bench.store.webhookDeliveries.list(app.id);
  const settled = () =>
    vi.waitFor(
      () => expect(deliveries().filter(({ status }) => /pending|scheduled/.test(status))).toEqual([]),
      WAIT,
    );
  const arrived = (at: Receiver, count: number): Promise<Received[]> =>
    vi.waitFor(() => {
      expect(at.received.length).toBeGreaterThanOrEqual(count);
      return at.received;
    }, WAIT);

  beforeEach(async () => {
    bench = await openBench();
    app = await bench.pushedApp('users-api');
    clock = new PlayedClock();
    stage = openStage();
  });
  afterEach(async () => {
    await stage.stop();
    for (const opened of receivers.splice(0)) await opened.close();
    await bench.close();
  });

  it('post what happened, signed and with the authorization, and say so', async () => {
    const target = await receiver();
    const webhook = hook(target, { authorization: 'Bearer 0123' });
    await acting.as('grace@example.com', () => addDomain('shop.example.com'));
    const [first] = await arrived(target, 1);
    expect(first).toMatchObject({
      method: 'POST',
      path: '/hooks',
      headers: { authorization: 'Bearer 0123', 'content-type': 'application/json' },
      payload: {
        action: 'create',
        actor: { email: 'grace@example.com' },
        data: { hostname: 'shop.example.com', app: { name: 'users-api' } },
        previous_data: {},
        resource: 'domain',
        version: 'application/vnd.heroku+json; version=3',
        webhook_metadata: { webhook: { id: webhook.id }, event: { include: 'api:domain' } },
      },
    });
    expectSigned(first as Received, SECRET);
    await settled();
    expect(deliveries()).toMatchObject([
      { status: 'succeeded', numAttempts: 1, nextAttemptAt: null, lastAttempt: { code: 200, error: null } },
    ]);
    const metadata = first?.payload.webhook_metadata;
    expect(metadata?.delivery.id).toBe(deliveries()[0]?.id);
    expect(metadata?.attempt.id).toBe(deliveries()[0]?.lastAttempt?.id);
  });

  it('tell of releases, builds, formation, dynos, the app and its end as the API shows them', async () => {
    const target = await receiver();
    const include = ['api:app', 'api:build', 'api:dyno', 'api:formation', 'api:release'];
    hook(target, { include });
    const seen = (resource: string) =>
      target.received.map(({ payload }) => payload).filter((payload) => payload.resource === resource);

    await bench.services.releases.setConfig(app.id, { GREETING: 'a secret value' }, ACTOR);
    await vi.waitFor(
      () =>
        expect(seen('release')).toMatchObject([
          {
            action: 'create',
            actor: { email: ACTOR },
            data: { version: 3, status: 'succeeded', current: true },
          },
        ]),
      WAIT,
    );
    expect(JSON.stringify(target.received)).not.toContain('a secret value');

    const source = bench.services.sources.create();
    const build = await bench.services.builds.create({
      app,
      source,
      url: 'https://example.com/source.tgz',
      version: null,
      checksum: null,
      actor: ACTOR,
    });
    await bench.services.builds.cancel(build);
    await vi.waitFor(
      () =>
        expect(seen('build')).toMatchObject([
          { action: 'create', data: { id: build.id, status: 'pending' } },
          { action: 'update', data: { status: 'failed' }, previous_data: { status: 'pending' } },
        ]),
      WAIT,
    );

    await bench.services.formation.scale(app, [{ type: 'worker', quantity: { to: 3 }, size: null }], ACTOR);
    const { instance } = bench.dyno(app, 'web.1', 'up');
    bench.store.dynos.update(instance, { message: 'nothing that a client sees' });
    bench.store.dynos.delete(instance);
    await vi.waitFor(
      () =>
        expect(seen('dyno')).toMatchObject([
          { action: 'create', data: { name: 'web.1', state: 'starting' } },
          { action: 'update', data: { state: 'up' }, previous_data: { state: 'starting' } },
          { action: 'destroy', data: { name: 'web.1', state: 'up' } },
        ]),
      WAIT,
    );
    expect(seen('formation')).toMatchObject([
      { action: 'update', data: { type: 'worker', quantity: 3 }, previous_data: { quantity: 0 } },
    ]);

    await bench.services.apps.rename(app.id, 'people-api');
    await bench.services.apps.destroy(app.id, ACTOR);
    await stage.farewell(app.id);
    expect(seen('app')).toMatchObject([
      { action: 'update' },
      { action: 'update', data: { name: 'people-api' }, previous_data: { name: 'users-api' } },
      { action: 'destroy', data: { name: 'people-api' } },
    ]);
    const sequences = target.received.map(({ payload }) => payload.sequence);
    expect(sequences).toEqual([...sequences].sort());
  });

  it('tell of certificates, without their keys', async () => {
    const target = await receiver();
    hook(target, { include: ['api:sni-endpoint'] });
    const facts = {
      domains: ['shop.example.com'],
      subject: '/CN=shop.example.com',
      issuer: '/CN=a',
      startsAt: 0,
      expiresAt: 1,
      selfSigned: false,
      caSigned: false,
      fingerprint: '00',
    };
    const endpoint = { id: newId(), appId: app.id, name: 'tokyo-1050', automatic: false, createdAt: 1 };
    const keyed = { certificateChain: 'a chain', privateKey: 'a private key', facts };
    bench.store.sniEndpoints.insert({ ...endpoint, ...keyed });
    bench.store.sniEndpoints.delete(endpoint.id);
    const received = await arrived(target, 2);
    expect(received.map(({ payload }) => [payload.action, payload.data['name']])).toEqual([
      ['create', 'tokyo-1050'],
      ['destroy', 'tokyo-1050'],
    ]);
    expect(JSON.stringify(received)).not.toContain('a private key');
  });

  it('tell who is let in, and who is sent away or leaves', async () => {
    const target = await receiver();
    hook(target, { include: ['api:collaborator'] });
    const { collaborators } = bench.services;
    const { userId } = acting.as('grace@example.com', () => collaborators.add(app, 'bob@example.com'));
    expect(() => collaborators.add(app, 'bob@example.com')).toThrow(/already/);
    acting.as('bob@example.com', () => collaborators.remove(app, userId));
    const received = await arrived(target, 2);
    await settled();
    expect(received).toHaveLength(2);
    const [added, left] = received.map(({ payload }) => payload);
    expect(added).toMatchObject({
      action: 'create',
      resource: 'collaborator',
      actor: { email: 'grace@example.com' },
      data: { role: 'collaborator', user: { email: 'bob@example.com' }, app: { name: 'users-api' } },
      previous_data: {},
    });
    expect(left).toMatchObject({
      action: 'destroy',
      actor: { email: 'bob@example.com' },
      data: { ...added?.data },
    });
  });

  it('are told with the change, or not at all', async () => {
    hook('http://127.0.0.1:9/');
    expect(() =>
      bench.store.transaction(() => {
        bench.store.domains.insert({
          id: 'a',
          appId: app.id,
          hostname: 'a.example.com',
          sniEndpointId: null,
          createdAt: 1,
        });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(bench.store.webhookEvents.list(app.id)).toEqual([]);
  });

  it('of another kind, or of another app, cost nothing', async () => {
    hook('http://127.0.0.1:9/', { include: ['api:release'] });
    await addDomain('shop.example.com');
    const other = await bench.pushedApp('billing');
    await addDomain('pay.example.com', other);
    expect(bench.store.webhookEvents.list(app.id)).toEqual([]);
    expect(bench.store.webhookEvents.list(other.id)).toEqual([]);
  });

  it('at level sync try again until it succeeds, with the same event and delivery', async () => {
    const target = await receiver();
    target.answer = 500;
    hook(target);
    await addDomain('shop.example.com');
    await arrived(target, 1);
    await settled();
    expect(deliveries()).toMatchObject([
      { status: 'retrying', lastAttempt: { code: 500, error: 'UnexpectedStatus', status: 'failed' } },
    ]);
    target.answer = 200;
    clock.pass(15_000);
    const [first, second] = await arrived(target, 2);
    await settled();
    expect(deliveries()).toMatchObject([{ status: 'succeeded', numAttempts: 2 }]);
    const ids = (received?: Received) => received?.payload.webhook_metadata;
    expect(ids(second)?.delivery).toEqual(ids(first)?.delivery);
    expect(ids(second)?.event).toEqual(ids(first)?.event);
    expect(ids(second)?.attempt).not.toEqual(ids(first)?.attempt);
  });

  it('at level sync give up after three days, at level notify after one attempt', async () => {
    const target = await receiver();
    target.answer = 503;
    hook(target);
    hook(target, { level: 'notify' });
    await addDomain('shop.example.com');
    await arrived(target, 2);
    await settled();
    expect(deliveries().map(({ level, status }) => `${level} ${status}`)).toEqual([
      'sync retrying',
      'notify failed',
    ]);
    clock.pass(72 * 3_600_000);
    await vi.waitFor(() => expect(deliveries()[0]).toMatchObject({ status: 'failed', numAttempts: 2 }), WAIT);
    expect(target.received).toHaveLength(3);
  });

  it('are not followed elsewhere, and their replies not read to the end', async () => {
    const target = await receiver();
    const elsewhere = await receiver();
    target.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    hook(target, { level: 'notify' });
    await addDomain('shop.example.com');
    await vi.waitFor(
      () => expect(deliveries()).toMatchObject([{ status: 'failed', lastAttempt: { code: 307 } }]),
      WAIT,
    );
    expect(elsewhere.received).toEqual([]);
    target.answer = (response) => {
      response.writeHead(200);
      const endless = setInterval(() => response.write(Buffer.alloc(64 * 1024)), 1);
      response.on('close', () => clearInterval(endless));
    };
    await addDomain('www.example.com');
    await vi.waitFor(() => expect(deliveries()[1]).toMatchObject({ status: 'succeeded' }), WAIT);
  });

  it('of a target that hangs hold up nobody else', async () => {
    const hanging = await receiver();
    hanging.answer = 'hang';
    const target = await receiver();
    for (let count = 0; count < 40; count += 1) hook(hanging);
    hook(target);
    await addDomain('shop.example.com');
    await arrived(target, 1);
    expect(hanging.received.length).toBeLessThanOrEqual(1);
  });

  it('are delivered again when tfkd ended in the middle', async () => {
    const target = await receiver();
    target.answer = 'hang';
    hook(target, { level: 'notify' });
    await addDomain('shop.example.com');
    await arrived(target, 1);
    await stage.stop();
    expect(deliveries()).toMatchObject([{ status: 'scheduled', numAttempts: 1 }]);
    target.answer = 200;
    stage = openStage();
    const [first, second] = await arrived(target, 2);
    await settled();
    expect(deliveries()).toMatchObject([{ status: 'succeeded', numAttempts: 2 }]);
    expect(second?.payload.webhook_metadata.delivery).toEqual(first?.payload.webhook_metadata.delivery);
  });

  it('that are removed get nothing more', async () => {
    const target = await receiver();
    target.answer = 'hang';
    const webhook = hook(target);
    await addDomain('shop.example.com');
    await arrived(target, 1);
    stage.webhooks.remove(webhook);
    expect(deliveries()).toEqual([]);
    target.answer = 200;
    // Its target is free again at once.
    hook(target);
    await addDomain('www.example.com');
    const [, second] = await arrived(target, 2);
    expect(second?.payload.data).toMatchObject({ hostname: 'www.example.com' });
  });

  it('remember so much and no more', async () => {
    const target = await receiver();
    hook(target);
    const closed = await receiver();
    await closed.close();
    hook(closed);
    for (const place of [1, 2, 3, 4, 5, 6]) await addDomain(`d${place}.example.com`);
    await arrived(target, 6);
    await settled();
    const names = () => bench.store.webhookEvents.list(app.id).map(({ data }) => data['hostname']);
    bench.store.webhookEvents.prune({ kept: 2, before: 0, most: 4 });
    // Beyond the newest two all are still to be delivered to the closed one; beyond the newest four that helps no more.
    expect(names()).toEqual(['d3.example.com', 'd4.example.com', 'd5.example.com', 'd6.example.com']);
    const end = { status: 'failed', code: null, error: null, nextAttemptAt: null } as const;
    for (const { id, status } of deliveries()) {
      if (status === 'retrying') bench.store.webhookDeliveries.begin(id, newId(), 1);
      bench.store.webhookDeliveries.end(id, end, 1);
    }
    bench.store.webhookEvents.prune({ kept: 2, before: 0, most: 4 });
    expect(names()).toEqual(['d5.example.com', 'd6.example.com']);
    bench.store.webhookEvents.prune({ kept: 2, before: clock.now() + 1, most: 4 });
    expect(names()).toEqual([]);
    expect(deliveries()).toEqual([]);
  });
});
