import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteOldMessages, sendNext } from '../src/outbox.js';
import { createUser } from '../src/users.js';
import { migratedDatabase, needsDatabase } from './support.js';

test('five workers send forty welcomes, each once', needsDatabase, async () => {
  const { database, remove } = await migratedDatabase();
  for (let n = 1; n <= 40; n++) await createUser(database, { username: `u${n}`, email: `u${n}@example.com` });
  const sent: string[] = [];
  const worker = async () => {
    while (await sendNext(database, async ({ email }) => void sent.push(email)));
  };
  await Promise.all([worker(), worker(), worker(), worker(), worker()]);
  assert.equal(sent.length, 40);
  assert.equal(new Set(sent).size, 40);
  await remove();
});

test(
  'a message that could not be sent is sent later, and does not hold up the next',
  needsDatabase,
  async () => {
    const { database, remove } = await migratedDatabase();
    await createUser(database, { username: 'ada', email: 'ada@example.com' });
    await assert.rejects(
      sendNext(database, async () => {
        throw new Error('the mail service is away');
      }),
    );
    assert.equal((await sendNext(database, async () => undefined))?.email, 'ada@example.com');
    assert.equal(await sendNext(database, async () => undefined), undefined);
    await remove();
  },
);

test('a user who is refused gets no welcome', needsDatabase, async () => {
  const { database, remove } = await migratedDatabase();
  await createUser(database, { username: 'ada', email: 'ada@example.com' });
  await assert.rejects(createUser(database, { username: 'ada', email: 'other@example.com' }));
  const { rows } = await database.query('SELECT count(*)::int AS count FROM outbox');
  assert.deepEqual(rows, [{ count: 1 }]);
  await remove();
});

test('only messages that were sent long ago are cleaned up', needsDatabase, async () => {
  const { database, remove } = await migratedDatabase();
  for (const username of ['old', 'fresh', 'unsent'])
    await createUser(database, { username, email: `${username}@example.com` });
  await database.query("UPDATE outbox SET sent_at = now() - interval '31 days' WHERE id = 1");
  await database.query('UPDATE outbox SET sent_at = now() WHERE id = 2');
  assert.equal(await deleteOldMessages(database, 30), 1);
  assert.deepEqual((await database.query('SELECT id FROM outbox ORDER BY id')).rows, [{ id: 2 }, { id: 3 }]);
  await remove();
});
