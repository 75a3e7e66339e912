import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { builtProgram } from '../../support/built.js';
import { HttpReceiver, messagesOf, textsOf } from './support.js';

/** A tfkd of nothing but an app that logs and its drain. */
const SENDER = `
const [, , root, home, url] = process.argv;
const load = (path) => import(root + path);
const { Store } = await load('store/store.js');
const { LogStore } = await load('logs/log-store.js');
const { Drains } = await load('drains/drains.js');
const { trustOf } = await load('drains/trust.js');
const { systemClock: clock } = await load('shared/clock.js');
const logger = { warn() {}, error() {}, info() {} };
const store = Store.open(home);
const logs = new LogStore({ folder: home + '/logs', clock, logger });
const drains = new Drains({ store, logs, clock, logger, userAgent: 'Logplex/test', trust: trustOf({}) });
const appId = '00000000-0000-4000-8000-000000000001';
if (!store.apps.find(appId)) store.apps.insert({ id: appId, name: 'shop', engine: 'process', createdAt: 0 });
if (drains.list(appId).length === 0) drains.add(appId, url);
else drains.start();
process.stdout.write('sending');
setInterval(() => {
  const from = logs.newest(appId);
  const line = (index) => ({ time: null, source: 'app', dyno: 'web.1', stream: 'stdout', release: 1, text: 'line ' + (from + index) });
  logs.append(appId, Array.from({ length: 300 }, (_, index) => line(index)));
}, 5);
`;
const KILLS = 8;

it(`sends every line, in order, and repeats only whole batches under their ids, over ${KILLS} kills of the sender`, async () => {
  const home = mkdtempSync(join(tmpdir(), 'tfk-kill-drain-'));
  const receiver = await new HttpReceiver().open();
  const program = join(home, 'sender.mjs');
  writeFileSync(program, SENDER);
  const root = pathToFileURL(builtProgram('daemon/main.js')).href.replace(/main\.js$/, '');
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = receiver.requests.length;
      const url = `http://127.0.0.1:${receiver.port}/`;
      const sender = spawn(process.execPath, [program, root, home, url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => sender.on('exit', (_, signal) => resolve(signal)));
      await expect.poll(() => receiver.requests.length, { timeout: 30_000 }).toBeGreaterThan(before + 1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      sender.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
    }
    const batches = new Map<string, Buffer>();
    for (const { headers, body } of receiver.requests) {
      const id = String(headers['logplex-frame-id']);
      expect(batches.get(id)?.equals(body) ?? true, `batch ${id} came in two forms`).toBe(true);
      batches.set(id, body);
    }
    const texts = [...batches.values()].flatMap((body) => textsOf(messagesOf(body)));
    expect(texts.length).toBeGreaterThan(1_000);
    expect(texts.findIndex((text, index) => text !== `line ${index}`)).toBe(-1);
  } finally {
    await receiver.close();
    rmSync(home, { recursive: true, force: true });
  }
}, 180_000);
