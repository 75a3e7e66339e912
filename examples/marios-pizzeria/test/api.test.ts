import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFrom } from '../src/config.js';
import { buildApp } from '../src/http/app.js';
import { MENU } from '../src/orders.js';
import { differences } from '../src/parity.js';
import { MemoryStore } from '../src/stores/memory.js';
import { PostgresStore } from '../src/stores/postgres.js';
import { silent } from './stores.js';

const api = (store = new MemoryStore()) => buildApp({ store, log: silent, release: 'v7' });
const post = (body: object) => api().inject({ method: 'POST', url: '/orders', payload: body });

test('an order is placed and found again', async () => {
  const app = api();
  const body = { customer: ' Mario ', pizzas: ['margherita', 'funghi'] };
  const placed = await app.inject({ method: 'POST', url: '/orders', payload: body });
  assert.equal(placed.statusCode, 201);
  const found = await app.inject(String(placed.headers.location));
  assert.deepEqual(found.json(), placed.json());
  assert.equal(found.json<{ customer: string }>().customer, 'Mario');
  assert.equal((await app.inject('/orders')).json<{ orders: unknown[] }>().orders.length, 1);
});

test('a wrong order is answered by all that is wrong', async () => {
  const cases: [object, RegExp][] = [
    [{}, /customer must be.*pizzas must be/],
    [{ customer: 'a', pizzas: ['hawaii'] }, /one of margherita/],
    [{ customer: 'a', pizzas: Array.from({ length: 21 }, () => 'napoli') }, /list of 1 to 20/],
    [{ customer: 'a\0', pizzas: ['napoli'] }, /customer/],
    [['napoli'], /customer/],
  ];
  for (const [body, message] of cases) {
    const answer = await post(body);
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ message: string }>().message, message);
  }
  const broken = {
    method: 'POST',
    url: '/orders',
    payload: '{',
    headers: { 'content-type': 'application/json' },
  };
  assert.equal((await api().inject(broken as never)).statusCode, 400);
});

test('what is not there is 404, and the menu and health are told', async () => {
  const app = api();
  for (const url of ['/orders/x', '/orders/00000000-0000-0000-0000-000000000000', '/pasta'])
    assert.equal((await app.inject(url)).statusCode, 404);
  assert.deepEqual((await app.inject('/menu')).json(), { pizzas: MENU });
  const health = { status: 'healthy', store: 'memory', version: 'v7' };
  assert.deepEqual((await app.inject('/health')).json(), health);
});

test('a store that is away is 503', async () => {
  const config = configFrom({ DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d', STORE_TIMEOUT_MS: '500' });
  const store = new PostgresStore(config, silent);
  const app = buildApp({ store, log: silent, release: 'v7' });
  for (const url of ['/health', '/orders']) assert.equal((await app.inject(url)).statusCode, 503);
  await store.close();
});

test('the environment is checked as a whole, and no value is printed', () => {
  const wrong = { STORE_URL: 'mysql://u:secret@h/d', PORT: 'x', LOG_LEVEL: 'loud' };
  assert.throws(
    () => configFrom(wrong),
    (error: Error) => {
      assert.match(error.message, /PORT must be[^]*store must begin with postgres:[^]*LOG_LEVEL must be/);
      return !error.message.includes('secret');
    },
  );
  assert.throws(() => configFrom({}), /DATABASE_URL is missing/);
});

test('differences between deploys are named', () => {
  const dyno = { production: true, dyno: 'web.1' };
  assert.deepEqual(differences(dyno, 'postgres', ['postgres', 'redis']), []);
  assert.match(differences(dyno, 'memory', ['postgres'])[0] ?? '', /memory: in production/);
  assert.match(differences(dyno, 'mongodb', ['postgres'])[0] ?? '', /names postgres.*in mongodb/);
  assert.match(differences({ ...dyno, production: false }, 'postgres', [])[0] ?? '', /NODE_ENV/);
  assert.deepEqual(differences({ production: false, dyno: 'local' }, 'memory', ['postgres']), []);
});
