import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtProgram } from '../../support/built.js';
import { EngineBench, eventually } from '../../support/process-engine.js';

let bench: EngineBench;
beforeAll(async () => {
  bench = await EngineBench.open({ segmentBytes: 64 * 1024, maxSegments: 4 });
});
afterAll(() => bench.dispose());

const segments = async (path: string) => (await readdir(path)).filter((name) => name.startsWith('log.'));

test('what nobody reads stays within its budget, and what was lost is counted to the byte', async () => {
  const handle = await bench.start('seq 1 200000; exit 0');
  await eventually(async () => expect(await bench.state(handle)).toMatchObject({ kind: 'exited' }));
  await eventually(async () => expect(await readFile(bench.runFile(handle, 'drained'))).toBeDefined());
  expect((await segments(bench.runFile(handle, '.'))).length).toBeLessThanOrEqual(4);
  const { lines, lost } = await bench.follow(handle);
  const written = Array.from({ length: 200_000 }, (_, index) => String(index + 1).length + 1).reduce(
    (a, b) => a + b,
  );
  const delivered = lines.reduce((sum, line) => sum + line.length + 1, 0);
  expect(lost).toBeGreaterThan(0);
  expect(delivered + lost).toBe(written);
  expect(lines.at(-1)).toBe('200000');
});

test('segments go when their lines were delivered, and not before', async () => {
  const handle = await bench.start('seq 1 30000; exit 0');
  await eventually(async () => expect(await bench.state(handle)).toMatchObject({ kind: 'exited' }));
  await eventually(async () => expect(await readFile(bench.runFile(handle, 'drained'))).toBeDefined());
  const before = await segments(bench.runFile(handle, '.'));
  expect(before.length).toBeGreaterThan(1);
  const refused = bench.engine.followLogs(
    handle,
    null,
    () => Promise.reject(new Error('no')),
    new AbortController().signal,
  );
  await expect(refused).rejects.toThrow('no');
  expect(await segments(bench.runFile(handle, '.'))).toEqual(before);
  await bench.follow(handle);
  expect(await segments(bench.runFile(handle, '.'))).toHaveLength(1);
});

/** A program that follows a dyno and writes lines and cursor down in one write, as a store's transaction would. */
const READER = `
const [program, home, instance, journal] = process.argv.slice(1);
const { appendFileSync, readFileSync, existsSync } = await import('node:fs');
const { ProcessEngine } = await import(program);
const clock = { now: Date.now, sleep: (ms, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  if (signal?.aborted) resolve();
}) };
const logger = { warn() {}, info() {} };
const engine = await ProcessEngine.open({ dynosDir: home + '/dynos', builder: { recover: async () => {} }, clock, logger, nodePath: process.execPath, isolate: false, limit: false });
const done = existsSync(journal) ? readFileSync(journal, 'utf8').split('\\n').filter(Boolean) : [];
const cursor = done.length === 0 ? null : JSON.parse(done.at(-1)).cursor;
const handle = { engine: 'process', version: 1, instance, address: null, data: {} };
await engine.followLogs(handle, cursor, async ({ lines, cursor, lostBytes }) => {
  appendFileSync(journal, JSON.stringify({ lines: lines.map((line) => line.text), cursor, lostBytes }) + '\\n');
}, new AbortController().signal);
`;

test('a reader killed again and again while lines flow writes each line down once', async () => {
  const program = pathToFileURL(builtProgram('daemon/engines/process/engine.js')).href;
  const journal = join(bench.home, 'journal');
  await writeFile(journal, '');
  const handle = await bench.start(
    'for i in $(seq 1 300); do seq $((i * 100 - 99)) $((i * 100)); sleep 0.02; done',
  );
  let kills = 0;
  for (;;) {
    const args = ['--input-type=module', '-e', READER, program, bench.home, handle.instance, journal];
    const reader = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(reader, 'exit') as Promise<[number | null]>;
    if (kills < 12) {
      await Promise.race([grows(journal), ended]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      if (reader.kill('SIGKILL')) kills += 1;
    }
    const [code] = await ended;
    if (code !== null) {
      expect(code).toBe(0);
      break;
    }
  }
  const batches = (await readFile(journal, 'utf8')).split('\n').filter(Boolean);
  const lines = batches.flatMap((line) => (JSON.parse(line) as { lines: string[] }).lines);
  expect(lines).toEqual(Array.from({ length: 30_000 }, (_, index) => String(index + 1)));
  expect(kills).toBeGreaterThan(3);
}, 120_000);

async function grows(path: string): Promise<void> {
  const { size } = await stat(path);
  await eventually(async () => expect((await stat(path)).size).toBeGreaterThan(size));
}

test('a dyno that writes 100 MB without a newline is delivered in pieces, in bounded memory', async () => {
  const roomy = await bench.reopen({ segmentBytes: 8 * 1024 * 1024 });
  const spec = bench.spec(
    `node -e "const b = Buffer.alloc(65536, 120); for (let i = 0; i < 1600; i++) require('fs').writeSync(1, b)"`,
  );
  const handle = await roomy.start(spec);
  let bytes = 0;
  let longest = 0;
  let lost = 0;
  const before = process.memoryUsage().rss;
  await bench.engine.followLogs(
    handle,
    null,
    ({ lines, lostBytes }) => {
      for (const { text } of lines) {
        bytes += text.length;
        longest = Math.max(longest, text.length);
      }
      lost += lostBytes;
      return Promise.resolve();
    },
    new AbortController().signal,
  );
  expect(bytes + lost).toBe(1_600 * 65_536);
  expect(longest).toBe(10_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

test('a dyno that closes its output or writes half a line is followed to its end', async () => {
  const closing = await bench.start('echo shown; exec >&- 2>&-; sleep 0.2; exit 3');
  expect((await bench.follow(closing)).lines).toEqual(['shown']);
  const half = await bench.start('printf half; sleep 0.3; printf " line"');
  expect((await bench.follow(half)).lines).toEqual(['half line']);
});
