import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configFrom } from '../src/config.js';
import { connect } from '../src/database.js';
import { buildApp } from '../src/http/app.js';
import { migratedDatabase, needsDatabase, silent, type TestDatabase } from './support.js';

const ada = { username: 'ada', email: 'ada@example.com' };

describe('the users API', needsDatabase, () => {
  let made: TestDatabase;
  let app: ReturnType<typeof buildApp>;
  before(async () => {
    made = await migratedDatabase();
    app = buildApp({ database: made.database, log: silent, release: 'v7' });
  });
  after(async () => {
    await app.close();
    await made.remove();
  });

  const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) => {
    const response = await app.inject({ method, url, ...(payload ? { payload } : {}) });
    return {
      status: response.statusCode,
      body: response.body === '' ? undefined : response.json(),
      headers: response.headers,
    };
  };
  let id: number;

  test('is healthy while the database answers, and says which release it is', async () => {
    const { status, body } = await call('GET', '/health');
    assert.deepEqual(
      { status, body },
      { status: 200, body: { status: 'healthy', database: 'connected', version: 'v7' } },
    );
  });

  test('has no users at first', async () => {
    assert.deepEqual((await call('GET', '/users')).body, { users: [], count: 0 });
  });

  test('creates a user and says where it is', async () => {
    const { status, body, headers } = await call('POST', '/users', ada);
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(body), ['id', 'username', 'email', 'created_at', 'updated_at']);
    assert.equal(headers.location, `/users/${body.id}`);
    id = body.id;
  });

  test('refuses a user without an e-mail address, and says so', async () => {
    const { status, body } = await call('POST', '/users', { username: 'bob' });
    assert.equal(status, 400);
    assert.equal(body.message, 'email is missing');
    assert.deepEqual(body.fields, { email: 'is missing' });
  });

  for (const [field, again] of [
    ['username', { ...ada, username: 'ADA', email: 'other@example.com' }],
    ['email', { ...ada, username: 'other', email: 'Ada@Example.com' }],
  ] as const) {
    test(`refuses a ${field} that another user has, in any case, and says which it was`, async () => {
      const { status, body } = await call('POST', '/users', again);
      assert.deepEqual([status, body.field, body.message], [409, field, `Another user has this ${field}`]);
    });
  }

  test('finds, lists and counts', async () => {
    assert.equal((await call('GET', `/users/${id}`)).body.email, ada.email);
    const { users, count } = (await call('GET', '/users')).body;
    assert.deepEqual([users.length, users[0].id, count], [1, id, 1]);
  });

  test('changes what is given, and when it was changed', async () => {
    const before = (await call('GET', `/users/${id}`)).body;
    const { status, body } = await call('PUT', `/users/${id}`, { email: 'countess@example.com' });
    assert.deepEqual([status, body.username, body.email], [200, 'ada', 'countess@example.com']);
    assert.ok(body.updated_at > before.updated_at);
  });

  for (const unknown of ['999999', '0', '-1', 'abc', '1e3', '99999999999', "1'--"]) {
    test(`knows no user ${unknown}`, async () => {
      const path = `/users/${encodeURIComponent(unknown)}`;
      assert.equal((await call('GET', path)).status, 404);
      assert.equal((await call('PUT', path, { email: 'a@b' })).status, 404);
      assert.equal((await call('DELETE', path)).status, 404);
    });
  }

  test('pages through many', async () => {
    await call('POST', '/users', { username: 'grace', email: 'grace@example.com' });
    const first = (await call('GET', '/users?limit=1')).body;
    const second = (await call('GET', `/users?limit=1&after=${first.users[0].id}`)).body;
    assert.deepEqual([first.users[0].username, second.users[0].username, second.count], ['ada', 'grace', 2]);
    assert.equal((await call('GET', '/users?limit=0')).status, 400);
  });

  test('deletes once', async () => {
    assert.deepEqual(
      [(await call('DELETE', `/users/${id}`)).status, (await call('DELETE', `/users/${id}`)).status],
      [204, 404],
    );
  });

  test('answers broken JSON, unknown paths and SQL in a name as what they are', async () => {
    const broken = await app.inject({
      method: 'POST',
      url: '/users',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(broken.statusCode, 400);
    assert.equal((await call('GET', '/nothing')).status, 404);
    assert.equal(
      (await call('POST', '/users', { username: "x'; DROP TABLE users", email: 'a@b' })).status,
      400,
    );
  });

  test('keeps the request id of the router, and makes one where there is none', async () => {
    const given = await app.inject({ url: '/nothing', headers: { 'x-request-id': 'from-the-router' } });
    assert.deepEqual(
      [given.headers['x-request-id'], given.json().request_id],
      ['from-the-router', 'from-the-router'],
    );
    assert.match(String((await call('GET', '/health')).headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });
});

test('without its database the app is unhealthy, and says try again instead of failing', async () => {
  const config = configFrom({ DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' });
  const database = connect(config, silent);
  const app = buildApp({ database, log: silent, release: 'v7' });
  const health = await app.inject('/health');
  assert.deepEqual(
    [health.statusCode, health.json().status, health.json().version],
    [503, 'unhealthy', 'v7'],
  );
  const users = await app.inject('/users');
  assert.deepEqual(
    [users.statusCode, users.json().error, users.headers['retry-after']],
    [503, 'unavailable', '1'],
  );
  await app.close();
  await database.end();
});
