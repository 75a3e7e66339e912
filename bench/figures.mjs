// Figures of a whole tfk, as ratios within one run: `node build.mjs && node bench/figures.mjs`.
//   push    one changed line → live, against stopping and starting the same app by hand
//   cli     start of `tfk ps` against `node -e 0`
//   memory  of tfkd and router, idle, with one app running (PSS: shared pages counted once)
//   logs    lines a second from a dyno that prints as fast as it can, into the log store, and how many are lost
// `node bench/figures.mjs push cli` runs only these. Loads nothing but this machine, and ends within minutes.
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tfk-bench-'));
chmodSync(folder, 0o711);
const env = {
  ...process.env,
  TFK_ENGINE: 'process',
  TFK_HOME: join(folder, 'home'),
  TFK_SYSTEM_DIR: join(folder, 'system'),
  TFK_API_PORT: '0',
  TFK_ROUTER_PORT: '0',
  TFK_LOG_BUDGET_MB: '2048',
};
const wanted = new Set(process.argv.slice(2));
const asked = (name) => wanted.size === 0 || wanted.has(name);

const WEB = `require('node:http').createServer((q, s) => s.end('ok')).listen(process.env.PORT);\n`;
const LINES = 500_000;
const BURST = `const fs = require('node:fs'); const text = 'x'.repeat(80);
for (let n = 1; n <= ${LINES}; n += 500) {
  let out = ''; for (let i = n; i < n + 500; i++) out += i + ' ' + text + '\\n';
  let at = 0; const bytes = Buffer.from(out); while (at < bytes.length) { try { at += fs.writeSync(1, bytes, at); } catch (e) { if (e.code !== 'EAGAIN') throw e; } }
}\n`;

const tfk = (...args) =>
  execFileSync(process.execPath, [cli, ...args], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e9,
  }).toString();
/** The app as its developer runs it. */
let byHandProcess = null;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = async (work) => {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
const status = (port, host) =>
  new Promise((resolve) => {
    get({ port, host: '127.0.0.1', headers: { host }, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).once('error', () => resolve(0));
  });

try {
  const app = join(folder, 'bench');
  mkdirSync(app);
  writeFileSync(join(app, 'Procfile'), 'web: node web.js\n');
  writeFileSync(join(app, 'web.js'), WEB);
  writeFileSync(join(app, 'burst.js'), BURST);
  tfk('push', app);
  const running = JSON.parse(readFileSync(join(env.TFK_HOME, 'run', 'tfkd.json'), 'utf8'));

  if (asked('push')) await push(app, running.routerPort);
  if (asked('cli')) await start();
  if (asked('memory')) memory(running.pid);
  if (asked('logs')) await logs();
} finally {
  tfk('daemon', 'stop');
  rmSync(folder, { recursive: true, force: true });
}

async function push(app, port) {
  const byTfk = [];
  const byHand = [];
  for (let round = 0; round < 7; round++) {
    appendFileSync(join(app, 'web.js'), `// ${round}\n`);
    byTfk.push(await seconds(() => tfk('push', app)));
    if ((await status(port, 'bench.localhost')) !== 200) throw new Error('the pushed app does not answer');
    byHand.push(await seconds(() => stopAndStart(app)));
  }
  const [a, b] = [median(byTfk), median(byHand)];
  console.log(
    `push     one changed line → live ${a.toFixed(2)} s; stop + start by hand ${b.toFixed(2)} s; ratio ${(a / b).toFixed(1)}`,
  );
}

/** What a developer does by hand: the process is ended and started, and asked until it answers. */
async function stopAndStart(app) {
  const port = 39_871;
  if (byHandProcess) {
    const gone = new Promise((resolve) => byHandProcess.once('exit', resolve));
    byHandProcess.kill('SIGTERM');
    await gone;
  }
  byHandProcess = spawn(process.execPath, ['web.js'], {
    cwd: app,
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  process.once('exit', () => byHandProcess.kill('SIGKILL'));
  while ((await status(port, 'x')) !== 200) await sleep(5);
}

async function start() {
  byHandProcess?.kill('SIGKILL');
  const ps = [];
  const node = [];
  for (let round = 0; round < 25; round++) {
    ps.push(await seconds(() => tfk('ps', '-a', 'bench')));
    node.push(await seconds(() => execFileSync(process.execPath, ['-e', '0'])));
  }
  const [a, b] = [median(ps), median(node)];
  console.log(
    `cli      tfk ps ${(a * 1000).toFixed(0)} ms; node -e 0 ${(b * 1000).toFixed(0)} ms; ratio ${(a / b).toFixed(2)}`,
  );
}

function memory(tfkd) {
  const holder = JSON.parse(tfk('daemon', 'status', '--json')).router.pid;
  const children = readFileSync(`/proc/${holder}/task/${holder}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  const pss = (pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
  const router = [holder, ...children].reduce((sum, pid) => sum + pss(pid), 0);
  console.log(
    `memory   tfkd ${pss(tfkd).toFixed(0)} MiB, router ${router.toFixed(0)} MiB (holder and ${children.length} workers), PSS`,
  );
}

async function logs() {
  const took = await seconds(async () => {
    tfk('run:detached', '-a', 'bench', '--', 'node', 'burst.js');
    const last = `${LINES} ${'x'.repeat(80)}`;
    for (
      let tries = 0;
      tries < 300 && !tfk('logs', '-n', '1', '-a', 'bench', '-p', 'run', '-s', 'app').includes(last);
      tries++
    ) {
      await sleep(100);
    }
  });
  const kept = tfk('logs', '-n', String(LINES + 100), '-a', 'bench', '-p', 'run')
    .split('\n')
    .filter((line) => line.includes('xxxx'));
  const numbers = kept.map((line) => Number(/: (\d+) x/.exec(line)?.[1]));
  const inOrder = numbers.every((number, index) => number === index + 1);
  console.log(
    `logs     ${LINES} lines in ${took.toFixed(1)} s: ${Math.round(LINES / took)} lines/s; ${LINES - kept.length} lost; ${inOrder ? 'all in order' : 'NOT in order'}`,
  );
}
