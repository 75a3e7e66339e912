import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

/** Starts a process as the platform does, waits for a line, ends it by SIGTERM; answers its output and exit code. */
async function run(file: string, until: RegExp, more: Record<string, string> = {}) {
  const program = new URL(`../src/${file}`, import.meta.url).pathname;
  const env = { PATH: process.env['PATH'], STORE_URL: 'memory:', PORT: '0', HOST: '127.0.0.1', ...more };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      const before = until.test(output);
      output += chunk.toString();
      if (!before && until.test(output)) child.kill('SIGTERM');
    });
  await closed;
  return { output, code: child.exitCode };
}

test('each process starts, says where its deploy differs, and ends in order', async () => {
  const processes: [string, RegExp][] = [
    ['web.js', /listening at/],
    ['worker.js', /worker started/],
    ['scheduler.js', /daily report/],
  ];
  for (const [file, ready] of processes) {
    const { output, code } = await run(file, ready, { NODE_ENV: 'production' });
    assert.equal(code, 0, output);
    assert.match(output, /parity: the store is memory: in production/);
    assert.match(output, /stopped/);
  }
});

test('a store that is away keeps nobody from starting, nor from ending', async () => {
  const away = { STORE_URL: 'postgres://u:p@127.0.0.1:1/d', STORE_TIMEOUT_MS: '500' };
  const waits: [string, RegExp][] = [
    ['worker.js', /could not handle an event/],
    ['scheduler.js', /a round failed/],
  ];
  for (const [file, ready] of waits) assert.equal((await run(file, ready, away)).code, 0);
});

test('a wrong environment ends the process at once, with the reasons', async () => {
  const { output, code } = await run('web.js', /never/, { STORE_URL: '', LOG_LEVEL: 'loud' });
  assert.match(output, /DATABASE_URL is missing[^]*LOG_LEVEL must be one of/);
  assert.equal(code, 1);
});
