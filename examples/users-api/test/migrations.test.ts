import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrate } from '../src/migrations.js';
import { emptyDatabase, migrationsFolder, needsDatabase, run } from './support.js';

test('four releases that migrate at once run each migration once', needsDatabase, async () => {
  const { database, remove } = await emptyDatabase();
  const ran = await Promise.all([1, 2, 3, 4].map(() => migrate(database, migrationsFolder)));
  assert.deepEqual(ran.flat().sort(), ['0001_users.sql', '0002_outbox.sql']);
  assert.deepEqual(await migrate(database, migrationsFolder), []);
  await remove();
});

test('a migration that fails leaves nothing of itself, nor of those before it', needsDatabase, async () => {
  const { database, remove } = await emptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'users-api-'));
  await writeFile(join(folder, '0001_good.sql'), 'CREATE TABLE good ()');
  await writeFile(join(folder, '0002_bad.sql'), 'CREATE TABLE bad (); SELECT nonsense');
  await assert.rejects(migrate(database, folder), /nonsense/);
  const { rows } = await database.query(
    'SELECT tablename FROM pg_tables WHERE schemaname = current_schema()',
  );
  assert.deepEqual(rows, []);
  await rm(folder, { recursive: true });
  await remove();
});

test('the admin tasks print what they did, and may be repeated', needsDatabase, async () => {
  const { config, remove } = await emptyDatabase();
  const task = async (file: string, ...argv: string[]) => {
    const running = run(`admin/${file}.js`, config, {}, argv);
    await new Promise((resolve) => running.process.once('close', resolve));
    return `${running.process.exitCode} ${running.output()}`;
  };
  assert.match(
    await task('migrate'),
    /^0 ran 0001_users.sql\nran 0002_outbox.sql\nSchema is up to date \(dev\): 2 run/,
  );
  assert.match(await task('migrate'), /^0 Schema is up to date \(dev\): nothing to run/);
  assert.match(await task('seed'), /^0 created ada \(1\)/);
  assert.match(await task('seed'), /^0 ada is there already/);
  assert.match(
    await task('create-user', '--username', 'bob', '--email', 'bob@example.com'),
    /^0 created bob \(\d+\)/,
  );
  assert.match(
    await task('create-user', '--username', 'bob', '--email', 'b@example.com'),
    /^1 Failed: another user has this username/,
  );
  assert.match(await task('create-user', '--username', 'bob'), /^1 Failed: email is missing/);
  assert.match(await task('cleanup', '--dry-run'), /^0 would delete 0 messages/);
  await remove();
});
