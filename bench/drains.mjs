/**
 * Lines a second through a log drain, to a receiver on loopback in a thread of its own, and as a ratio to reading the same
 * history without sending it.
 *
 *   node bench/drains.mjs [--dist dist] [--lines 200000] [--bytes 100] [--drains 1]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    lines: { type: 'string', default: '200000' },
    bytes: { type: 'string', default: '100' },
    drains: { type: 'string', default: '1' },
  },
});
const [lineCount, lineBytes, drainCount] = [values.lines, values.bytes, values.drains].map(Number);
const PATIENCE_MS = 120_000;
const APP = '00000000-0000-4000-8000-000000000001';

const load = (path) => import(pathToFileURL(resolve(values.dist, 'daemon', path)).href);
const { Store } = await load('store/store.js');
const { LogStore } = await load('logs/log-store.js');
const { Drains } = await load('drains/drains.js');
const { trustOf } = await load('drains/trust.js');
const { systemClock: clock } = await load('shared/clock.js');
const logger = { warn: console.error, error: console.error, info() {} };

const RECEIVER = `
const { parentPort } = require('node:worker_threads');
const tell = (server) => server.listen(0, '0.0.0.0', () => parentPort.postMessage(server.address().port));
tell(require('node:net').createServer((socket) => socket.on('error', () => {}).resume()));
tell(require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end());
}));
`;

function receiver() {
  const worker = new Worker(RECEIVER, { eval: true });
  return new Promise((done) => {
    const ports = [];
    worker.on('message', (port) => {
      ports.push(port);
      if (ports.length === 2) done({ worker, syslog: ports[0], http: ports[1] });
    });
  });
}

const line = (number) => ({
  time: null,
  source: 'app',
  dyno: 'web.1',
  stream: 'stdout',
  release: 1,
  text: `${number} `.padEnd(lineBytes, 'x'),
});

function fill(logs) {
  for (let at = 0; at < lineCount; at += 1_000)
    logs.append(
      APP,
      Array.from({ length: Math.min(1_000, lineCount - at) }, (_, index) => line(at + index)),
    );
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return (lineCount / (performance.now() - begun)) * 1000;
}

async function sent(drains) {
  const until = Date.now() + PATIENCE_MS;
  while (drains.progress(APP).some(({ delivered }) => delivered < lineCount)) {
    if (Date.now() > until) throw new Error('not all lines were sent in time');
    await clock.sleep(2);
  }
}

const home = mkdtempSync(join(tmpdir(), 'tfk-bench-drains-'));
const { worker, syslog, http } = await receiver();
try {
  const store = Store.open(home);
  store.apps.insert({ id: APP, name: 'bench', engine: 'process', createdAt: 0 });
  const logs = new LogStore({ folder: join(home, 'logs'), clock, logger, budgetBytes: 4 * 1024 ** 3 });
  const report = { lines: lineCount, bytes: lineBytes, drains: drainCount };
  for (const [name, url] of [
    ['syslog', `syslog://127.0.0.1:${syslog}`],
    ['http', `http://127.0.0.1:${http}`],
  ]) {
    const drains = new Drains({ store, logs, clock, logger, userAgent: 'Logplex/bench', trust: trustOf({}) });
    // Each to an address of its own: one place takes one drain.
    for (let index = 0; index < drainCount; index += 1)
      drains.add(APP, name === 'http' ? `${url}/${index}` : url.replace('127.0.0.1', `127.0.0.${index + 1}`));
    const from = logs.newest(APP);
    fill(logs);
    const perSecond = await timed(() => sent(drains));
    const bare = await timed(async () => {
      for await (const event of logs.read(APP, {}, from, logs.newest(APP))) void event;
    });
    for (const { drain } of drains.progress(APP)) await drains.remove(drain);
    report[name] = {
      linesPerSecond: Math.round(perSecond),
      ofBareReading: Number((perSecond / bare).toFixed(2)),
    };
  }
  logs.close();
  store.close();
  console.log(JSON.stringify(report, null, 2));
} finally {
  await worker.terminate();
  rmSync(home, { recursive: true, force: true });
}
