import type { InjectOptions } from 'fastify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Webhook, WebhookDelivery, WebhookEvent } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { createWebhooks, type WebhookStage } from '../../../daemon/main/webhooks.js';
import { Acting } from '../../../daemon/shared/acting.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { openBench, type Bench } from './support.js';

const SECRET = 'a-secret-that-nobody-else-knows';
const INPUT = { include: ['api:domain', 'api:release'], level: 'notify', url: 'http://127.0.0.1:9/hooks' };
const NOBODY = '00000000-0000-4000-8000-000000000000';

let bench: Bench;
let server: Server;
let stage: WebhookStage;

beforeEach(async () => {
  bench = await openBench();
  await bench.pushedApp('users-api');
  await bench.pushedApp('billing');
  // Nothing listens on the discard port: each delivery fails at once.
  const [clock, logger] = [systemClock, createLogger('silent', 'test')];
  stage = createWebhooks({ store: bench.store, clock, logger, acting: new Acting() });
  stage.start(bench.services, () => '');
  Object.assign(bench.services, { webhooks: stage.webhooks });
  server = bench.server();
});
afterEach(async () => {
  await stage.stop();
  await bench.close();
});

function ask(method: InjectOptions['method'], url: string, payload?: object, range?: string) {
  const request = { method: method ?? 'GET', url, headers: range === undefined ? {} : { range } };
  return server.app.inject(payload === undefined ? request : { ...request, payload });
}
const add = async (change: object = {}) => {
  const reply = await ask('POST', '/apps/users-api/webhooks', { ...INPUT, ...change });
  expect(reply.statusCode, reply.body).toBe(201);
  return { webhook: reply.json<Webhook>(), secret: reply.headers['heroku-webhook-secret'] };
};

describe('webhooks', () => {
  it('are made with a secret that is told once', async () => {
    const { webhook, secret } = await add();
    expect(webhook).toMatchObject({ ...INPUT, app: { name: 'users-api' } });
    expect(secret).toMatch(/^[\w-]{43}$/);
    const one = `/apps/users-api/webhooks/${webhook.id}`;
    const replies = [await ask('GET', one), await ask('GET', '/apps/users-api/webhooks')];
    const change = await ask('PATCH', one, { level: 'sync' });
    for (const reply of [...replies, change, await ask('DELETE', one)]) {
      expect(reply.statusCode).toBe(200);
      expect(JSON.stringify(reply.headers) + reply.body).not.toContain(secret);
    }
    expect((await ask('GET', one)).json()).toMatchObject({ id: 'not_found', resource: 'webhook' });
  });

  it("take the user's own secret and authorization, which are nowhere to be read", async () => {
    const { webhook, secret } = await add({ secret: SECRET, authorization: 'Bearer not-to-be-seen' });
    expect(secret).toBe(SECRET);
    expect((await ask('GET', '/apps/users-api/webhooks')).body).not.toMatch(/nobody-else|not-to-be-seen/);
    expect(bench.store.webhooks.secrets(webhook.id)).toEqual({
      secret: SECRET,
      authorization: 'Bearer not-to-be-seen',
    });
    for (const file of ['tfk.db', 'tfk.db-wal']) {
      const bytes = readFileSync(join(bench.home, file), 'latin1');
      expect(bytes).not.toContain(SECRET);
      expect(bytes).not.toContain('not-to-be-seen');
    }
  });

  it('change what is named, and nothing else', async () => {
    const { webhook } = await add({ secret: SECRET, authorization: 'Bearer 1' });
    const one = `/apps/users-api/webhooks/${webhook.id}`;
    const url = 'https://example.com/';
    const updated = await ask('PATCH', one, { include: ['api:build'], url });
    expect(updated.json()).toMatchObject({ id: webhook.id, include: ['api:build'], level: 'notify', url });
    expect(bench.store.webhooks.secrets(webhook.id)).toEqual({ secret: SECRET, authorization: 'Bearer 1' });
    const exchanged = await ask('PATCH', one, { secret: null, authorization: null });
    const secret = exchanged.headers['heroku-webhook-secret'];
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(bench.store.webhooks.secrets(webhook.id)).toEqual({ secret, authorization: null });
  });

  it.each([
    ['include', { include: ['releases'] }, /only of api:addon, .*api:sni-endpoint/],
    ['an empty include', { include: [] }, /one kind/],
    ['level', { level: 'loud' }, /level/],
    ['url', { url: 'file:///etc/passwd' }, /http:\/\//],
    ['a url with a password', { url: 'https://a:b@example.com/' }, /password/],
    ['secret', { secret: 'two\nlines' }, /printable/],
    ['authorization', { authorization: 'a\r\nX-Evil: 1' }, /printable/],
  ])('with a wrong %s are refused', async (_what, change, message) => {
    const reply = await ask('POST', '/apps/users-api/webhooks', { ...INPUT, ...change });
    expect(reply.statusCode).toBe(422);
    expect(reply.json<{ message: string }>().message).toMatch(message);
    expect((await ask('GET', '/apps/users-api/webhooks')).json()).toEqual([]);
  });

  it('are fifty at most', async () => {
    for (let count = 0; count < 50; count += 1) await add();
    expect((await ask('POST', '/apps/users-api/webhooks', INPUT)).statusCode).toBe(422);
  });

  it('of one app are not found in another', async () => {
    const { webhook } = await add();
    await ask('POST', '/apps/users-api/domains', { hostname: 'a.example.com' });
    const [delivery] = (await ask('GET', '/apps/users-api/webhook-deliveries')).json<WebhookDelivery[]>();
    for (const path of [
      `webhooks/${webhook.id}`,
      `webhooks/${NOBODY}`,
      `webhook-deliveries/${delivery?.id ?? ''}`,
      `webhook-events/${delivery?.event.id ?? ''}`,
    ])
      expect((await ask('GET', `/apps/billing/${path}`)).statusCode, path).toBe(404);
  });
});

describe('deliveries and events', () => {
  const list = async <T>(path: string, range?: string): Promise<T[]> =>
    (await ask('GET', `/apps/users-api/${path}`, undefined, range)).json<T[]>();
  const settle = async (): Promise<void> => {
    for (;;) {
      const open = await list<WebhookDelivery>('webhook-deliveries');
      if (open.every(({ status }) => status === 'failed')) return;
      await systemClock.sleep(20);
    }
  };

  it("are listed as Heroku's CLI asks for them, the newest first", async () => {
    await add();
    for (const name of ['a', 'b', 'c'])
      await ask('POST', '/apps/users-api/domains', { hostname: `${name}.example.com` });
    await settle();
    const deliveries = await list<WebhookDelivery>('webhook-deliveries', 'seq ..; order=desc,max=1000');
    expect(deliveries).toHaveLength(3);
    expect(deliveries[0]).toMatchObject({
      event: { include: 'api:domain' },
      webhook: { level: 'notify' },
      status: 'failed',
      num_attempts: 1,
      next_attempt_at: null,
      last_attempt: { code: null, error_class: 'ConnectionRefused', status: 'failed' },
    });
    const events = await list<WebhookEvent>('webhook-events');
    expect(events.map(({ payload }) => payload.data['hostname'])).toEqual([
      'a.example.com',
      'b.example.com',
      'c.example.com',
    ]);
    expect(deliveries.map(({ event }) => event.id)).toEqual(events.map(({ id }) => id).reverse());
    const page = await ask('GET', '/apps/users-api/webhook-deliveries', undefined, 'seq ..; max=2');
    expect(page.statusCode).toBe(206);
    expect(await list('webhook-deliveries?eq[status]=succeeded')).toEqual([]);
    expect(await list('webhook-deliveries?eq%5Bstatus%5D=failed')).toHaveLength(3);
  });

  it('can be tried once more', async () => {
    await add();
    await ask('POST', '/apps/users-api/domains', { hostname: 'a.example.com' });
    await settle();
    const [delivery] = await list<WebhookDelivery>('webhook-deliveries');
    const path = `/apps/users-api/webhook-deliveries/${delivery?.id ?? ''}/actions/retry`;
    const reply = await ask('POST', path);
    expect(reply.json()).toMatchObject({ id: delivery?.id, status: 'pending' });
    await settle();
    expect((await list<WebhookDelivery>('webhook-deliveries'))[0]).toMatchObject({ num_attempts: 2 });
    bench.store.webhookDeliveries.redo(delivery?.id ?? '', Number.MAX_SAFE_INTEGER);
    bench.store.webhookDeliveries.begin(delivery?.id ?? '', NOBODY, 1);
    expect((await ask('POST', path)).statusCode).toBe(409);
  });

  it('go with their app', async () => {
    await add();
    await ask('POST', '/apps/users-api/domains', { hostname: 'a.example.com' });
    await settle();
    const app = bench.store.apps.find('users-api');
    bench.store.apps.markDestroyed(app?.id ?? '', 1);
    await stage.farewell(app?.id ?? '');
    bench.store.transaction(() => bench.store.apps.delete(app?.id ?? ''));
    expect(bench.store.webhooks.list(app?.id ?? '')).toEqual([]);
    expect(bench.store.webhookEvents.list(app?.id ?? '')).toEqual([]);
  });
});
