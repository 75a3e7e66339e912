import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { configFrom } from '../src/config.js';
import { createUser } from '../src/users.js';
import { migratedDatabase, needsDatabase, run, until, type Running } from './support.js';

const LISTENING = /listening at http:\/\/127\.0\.0\.1:(\d+)/;
const portOf = async (web: Running) => Number((await web.says(LISTENING))[1]);

test('a wrong environment ends the process at once, with the reasons', async () => {
  const config = configFrom({ DATABASE_URL: 'postgres://localhost/d' });
  const web = run('web.js', config, { DATABASE_URL: '', LOG_LEVEL: 'loud' });
  await web.says(/DATABASE_URL is missing[^]*LOG_LEVEL must be one of/);
  await until(() => web.process.exitCode === 1);
});

test('the web process starts without its database and stops with 0', async () => {
  const web = run('web.js', configFrom({ DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' }));
  const port = await portOf(web);
  assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 503);
  assert.equal(await web.stop(), 0);
});

test(
  'on SIGTERM a running request is finished, with Connection: close, then the process ends with 0',
  needsDatabase,
  async () => {
    const { config, database, remove } = await migratedDatabase();
    const web = run('web.js', config);
    const port = await portOf(web);
    const blocker = await database.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE users');
    const answer = fetch(`http://127.0.0.1:${port}/users`);
    await until(
      async () => (await database.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount !== 0,
    );
    const stopped = web.stop();
    await web.says(/stopping/);
    await blocker.query('COMMIT');
    blocker.release();
    const response = await answer;
    assert.deepEqual([response.status, response.headers.get('connection')], [200, 'close']);
    assert.equal(await stopped, 0);
    await remove();
  },
);

test('clients on kept connections lose no request when the process stops', needsDatabase, async () => {
  const { config, remove } = await migratedDatabase();
  const web = run('web.js', config);
  const port = await portOf(web);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const request = () =>
    new Promise<string>((resolve) => {
      const sent = get({ port, host: '127.0.0.1', path: '/health', agent }, (response) => {
        response.resume().once('end', () => resolve(`${response.statusCode}`));
      });
      sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });
  const results: string[] = [];
  const client = async () => {
    while (!results.includes('ECONNREFUSED')) results.push(await request());
  };
  const clients = [client(), client(), client(), client()];
  await until(() => results.length > 50);
  assert.equal(await web.stop(), 0);
  await Promise.all(clients);
  // Refused is what a client without a router sees once nobody listens; reset would be a request lost on the way.
  assert.deepEqual([...new Set(results)].sort(), ['200', 'ECONNREFUSED']);
  await remove();
});

test('two worker processes send each welcome once', needsDatabase, async () => {
  const { config, database, remove } = await migratedDatabase();
  for (let n = 1; n <= 20; n++) await createUser(database, { username: `u${n}`, email: `u${n}@example.com` });
  const workers = [run('worker.js', config), run('worker.js', config)];
  await until(
    async () => (await database.query('SELECT 1 FROM outbox WHERE sent_at IS NULL')).rowCount === 0,
  );
  assert.deepEqual(await Promise.all(workers.map((worker) => worker.stop())), [0, 0]);
  const sent = workers.flatMap((worker) => worker.output().match(/welcome to u\d+ sent/g) ?? []);
  assert.deepEqual([sent.length, new Set(sent).size], [20, 20]);
  await remove();
});

test('of two clocks one ticks, and the other takes over when it dies', needsDatabase, async () => {
  const { config, remove } = await migratedDatabase();
  const first = run('clock.js', config, { CLOCK_INTERVAL_MS: '50' });
  await first.says(/tick/);
  const second = run('clock.js', config, { CLOCK_INTERVAL_MS: '50', LOG_LEVEL: 'debug' });
  await second.says(/standing by/);
  assert.doesNotMatch(second.output(), /tick:/);
  first.process.kill('SIGKILL');
  await second.says(/tick:/);
  assert.equal(await second.stop(), 0);
  await remove();
});

test('the app goes on by itself after the database dropped its connections', needsDatabase, async () => {
  const { config, database, remove } = await migratedDatabase();
  const web = run('web.js', config, { DYNO: 'web.dropped' });
  const port = await portOf(web);
  const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).status;
  assert.equal(await health(), 200);
  await database.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'web.dropped'",
  );
  await until(async () => (await health()) === 200);
  assert.equal(await web.stop(), 0);
  await remove();
});
