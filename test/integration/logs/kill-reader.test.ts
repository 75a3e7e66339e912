import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { builtProgram } from '../../support/built.js';
import { silent } from '../../unit/logs/support.js';

/** A tfkd of nothing but the log path: it collects the lines of one dyno, whose output is a file that grows. */
const READER = `
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
const [, , storePath, collectorPath, clockPath, folder, output] = process.argv;
const { LogStore } = await import(storePath);
const { Collector } = await import(collectorPath);
const { systemClock } = await import(clockPath);
const quiet = { warn() {}, error() {}, info() {} };

async function followLogs(handle, cursor, deliver, signal) {
  let offset = Number(cursor ?? 0);
  const file = await open(output, 'r');
  while (!signal.aborted) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65536), 0, 65536, offset);
    const text = buffer.subarray(0, buffer.lastIndexOf(10, bytesRead) + 1).toString();
    if (text === '') {
      if (await stat(output + '.exited').catch(() => null)) return;
      await sleep(2);
      continue;
    }
    offset += Buffer.byteLength(text);
    const lines = text.slice(0, -1).split('\\n').map((line) => ({ time: null, stream: 'stdout', text: line }));
    await deliver({ lines, cursor: String(offset), lostBytes: 0 });
  }
}

const logs = new LogStore({ folder, clock: systemClock, logger: quiet });
const collector = new Collector({ engine: { followLogs }, logs, clock: systemClock, logger: quiet });
const handle = { engine: 'fake', version: 1, instance: 'i1', address: null, data: {} };
process.stdout.write('collecting');
collector.track('shop', handle, { dyno: 'web.1', releaseVersion: 1 });
await collector.drained('i1');
logs.close();
`;

const KILLS = 25;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tfk-kill-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

it(`has every line once and in order after ${KILLS} readers were killed as lines flowed`, async () => {
  const program = join(home, 'reader.mjs');
  const output = join(home, 'output');
  writeFileSync(program, READER);
  writeFileSync(output, '');
  const store = builtProgram('daemon/logs/log-store.js');
  const collector = store.replace('log-store.js', 'collector.js');
  const clock = store.replace('logs/log-store.js', 'shared/clock.js');
  const modules = [store, collector, clock].map((path) => pathToFileURL(path).href);
  const start = () => {
    const args = [program, ...modules, join(home, 'logs'), output];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };

  let written = 0;
  const write = () => {
    let text = '';
    for (let index = 0; index < 400; index += 1, written += 1)
      text += `line ${written} ${'.'.repeat(written % 90)}\n`;
    appendFileSync(output, text);
  };
  const writing = setInterval(write, 10);
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const reader = start();
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        reader.on('exit', (_, signal) => resolve(signal)),
      );
      // Every third is killed wherever it is in starting, the others as they collect.
      if (kill % 3 > 0) await new Promise((resolve) => reader.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
      reader.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
    }
  } finally {
    clearInterval(writing);
  }
  write();
  writeFileSync(`${output}.exited`, '');
  const last = start();
  expect(await new Promise((resolve) => last.on('exit', resolve))).toBe(0);

  const logs = new LogStore({ folder: join(home, 'logs'), clock: systemClock, logger: silent });
  const lines = logs.last('shop', {}, written + 1_000);
  logs.close();
  expect(lines).toHaveLength(written);
  const outOfPlace = lines.findIndex(
    ({ text, sequence }, index) => sequence !== index + 1 || !text.startsWith(`line ${index} `),
  );
  expect(outOfPlace).toBe(-1);
  expect(lines.every(({ time }, index) => index === 0 || time >= (lines[index - 1]?.time ?? 0))).toBe(true);
}, 180_000);
