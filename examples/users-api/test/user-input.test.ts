import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newUserFrom, userChangesFrom } from '../src/user-input.js';

test('a new user has a username and an e-mail address, without the spaces around them', () => {
  const value = { username: 'ada', email: 'ada@example.com' };
  assert.deepEqual(newUserFrom({ username: ' ada ', email: 'ada@example.com', id: 7 }), { ok: true, value });
});

for (const body of [undefined, null, 'ada', 7, [], {}, { username: '', email: null }]) {
  test(`${JSON.stringify(body)} misses both fields`, () => {
    const problems = { username: 'is missing', email: 'is missing' };
    assert.deepEqual(newUserFrom(body), { ok: false, problems });
    assert.deepEqual(userChangesFrom(body === undefined ? {} : body).ok, false);
  });
}

test('each wrong field is told', () => {
  const checked = newUserFrom({ username: 'a b', email: 'nobody' });
  assert.ok(!checked.ok);
  assert.deepEqual(Object.keys(checked.problems), ['username', 'email']);
});

test('a change may be of one field', () => {
  assert.deepEqual(userChangesFrom({ email: 'a@b' }), { ok: true, value: { email: 'a@b' } });
});

test('a field cannot be emptied', () => {
  assert.equal(userChangesFrom({ username: '', email: 'a@b' }).ok, false);
});
