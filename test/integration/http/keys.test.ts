import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Key } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { openDatabase } from '../../../daemon/store/database.js';
import { AN_SSH_KEY, ANOTHER_SSH_KEY, ITS_FINGERPRINT } from '../../support/ssh-keys.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
let server: Server;
beforeEach(async () => {
  bench = await openBench();
  server = bench.server({ trusted: false });
});
afterEach(() => bench.close());

function as(email: string) {
  const headers = { host: 'localhost', authorization: `Bearer ${bench.token(email)}` };
  return async (method: 'GET' | 'POST' | 'DELETE', path = '', payload?: object) => {
    const url = `/account/keys${path}`;
    const reply = await server.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    return { status: reply.statusCode, body: reply.json<Key & Key[] & { message: string }>() };
  };
}

test('keys are added, listed, found by id and fingerprint, and removed', async () => {
  const ask = as(ACTOR);
  expect((await ask('GET')).body).toEqual([]);
  const { status, body: made } = await ask('POST', '', { public_key: `${AN_SSH_KEY}\n` });
  expect({ status, made }).toMatchObject({
    status: 201,
    made: {
      comment: 'ada@laptop',
      email: 'ada@laptop',
      public_key: AN_SSH_KEY,
      fingerprint: ITS_FINGERPRINT,
    },
  });
  await ask('POST', '', { public_key: ANOTHER_SSH_KEY });
  expect((await ask('GET')).body.map(({ comment }) => comment)).toEqual(['ada@laptop', 'ada at work']);
  for (const name of [made.id, encodeURIComponent(made.fingerprint)])
    expect((await ask('GET', `/${name}`)).body).toEqual(made);
  expect(await ask('DELETE', `/${made.id}`)).toEqual({ status: 200, body: made });
  expect((await ask('GET', `/${made.id}`)).status).toBe(404);
  expect((await ask('GET')).body).toHaveLength(1);
});

test('a key that is there already, or is none, is refused and changes nothing', async () => {
  const ask = as(ACTOR);
  await ask('POST', '', { public_key: AN_SSH_KEY });
  const again = await ask('POST', '', { public_key: `${AN_SSH_KEY} elsewhere` });
  expect(again).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
  expect(again.body.message).toMatch(/You have this key already/);
  expect((await ask('POST', '', { public_key: 'nonsense' })).status).toBe(422);
  expect((await ask('POST', '', {})).body.message).toMatch(/public_key is missing/);
  expect((await ask('GET')).body).toHaveLength(1);
});

test('what is refused is not repeated: it may be a private key', async () => {
  const secret = 'c2VjcmV0'.repeat(4000);
  for (const length of [100, secret.length]) {
    const text = `-----BEGIN RSA PRIVATE KEY-----\n${secret.slice(0, length)}\n-----END RSA PRIVATE KEY-----\n`;
    const { status, body } = await as(ACTOR)('POST', '', { public_key: text });
    expect([400, 422]).toContain(status);
    expect(JSON.stringify(body)).not.toContain('c2VjcmV0');
  }
});

test('one of Heroku’s clients is told what to type in its own words', async () => {
  const ask = as(ACTOR);
  expect((await ask('POST', '', { public_key: 'nonsense' })).body.message).toMatch(/heroku keys:add ~/);
  expect((await ask('GET', '/nosuch')).body.message).toMatch(/List them: heroku keys$/);
});

test('keys go with the user whose they are', async () => {
  const key = { public_key: AN_SSH_KEY };
  await as('eve@example.com')('POST', '', key);
  const eve = bench.store.users.find('eve@example.com')?.id ?? '';
  expect(bench.store.keys.list(eve)).toHaveLength(1);
  const db = openDatabase(join(bench.home, 'tfk.db'));
  db.prepare('DELETE FROM users WHERE id = ?').run(eve);
  db.close();
  expect(bench.store.keys.list(eve)).toEqual([]);
});

test('everybody has their own, and sees no other’s', async () => {
  const made = (await as(ACTOR)('POST', '', { public_key: AN_SSH_KEY })).body;
  const eve = as('eve@example.com');
  expect((await eve('GET')).body).toEqual([]);
  expect((await eve('DELETE', `/${made.id}`)).status).toBe(404);
  expect((await eve('POST', '', { public_key: AN_SSH_KEY })).status).toBe(201);
  expect((await as(ACTOR)('GET')).body).toEqual([made]);
});
