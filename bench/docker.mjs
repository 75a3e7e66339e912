// Figures of the Docker engine, as ratios within one run: `node build.mjs && node bench/docker.mjs`. Needs an engine that answers at
// DOCKER_HOST or its usual socket, and node:20-slim there.
//   push    one changed line → live by `tfk push`, against building the image, removing and running the container by hand. By
//           hand means Docker's API itself, which spares the three starts of the docker command.
//   scale   `tfk scale web=10` from 1 → all ready, against ten containers by hand, all at once, until each answers
//   logs    lines a second from a dyno that prints as fast as it can, into the log store, and how many are lost; against
//           `docker logs --follow` of the same container, through the same changes of log files
// `node bench/docker.mjs push` runs only this. Loads nothing but this machine, and ends within minutes.
import Docker from 'dockerode';
import { execFileSync } from 'node:child_process';
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
import { pack } from 'tar-fs';

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tfk-bench-'));
chmodSync(folder, 0o711);
const env = {
  ...process.env,
  TFK_ENGINE: 'docker',
  TFK_HOME: join(folder, 'home'),
  TFK_SYSTEM_DIR: join(folder, 'system'),
  TFK_API_PORT: '0',
  TFK_ROUTER_PORT: '0',
  TFK_LOG_BUDGET_MB: '2048',
};
const byHandFolder = join(folder, 'by-hand');
const docker = new Docker();
const wanted = new Set(process.argv.slice(2));
const asked = (name) => wanted.size === 0 || wanted.has(name);

const LINES = 500_000;
const FILES = {
  Procfile: 'web: node web.js\n',
  'package.json': JSON.stringify({ name: 'bench', version: '1.0.0', private: true }),
  'web.js': `const server = require('node:http').createServer((q, s) => s.end(process.env.HOSTNAME));
server.listen(process.env.PORT); process.on('SIGTERM', () => process.exit(0));\n`,
  'burst.js': `const fs = require('node:fs'); const text = 'x'.repeat(80);
for (let n = 1; n <= ${LINES}; n += 500) {
  let out = ''; for (let i = n; i < n + 500; i++) out += i + ' ' + text + '\\n';
  let at = 0; const bytes = Buffer.from(out); while (at < bytes.length) { try { at += fs.writeSync(1, bytes, at); } catch (e) { if (e.code !== 'EAGAIN') throw e; } }
}\n`,
};
const IMAGE = `tfk-bench-by-hand-${process.pid}`;
const DOCKERFILE =
  'FROM node:20-slim\nWORKDIR /app\nCOPY . .\nENV PORT=5000\nUSER node\nCMD ["node","web.js"]\n';

const tfk = (...args) =>
  execFileSync(process.execPath, [cli, ...args], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e9,
  }).toString();
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = async (work) => {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
const fetchText = (address, host) =>
  new Promise((resolve) => {
    get({ ...address, headers: { host }, agent: false, timeout: 500 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.once('end', () => resolve(answer.statusCode === 200 ? text : null));
    })
      .once('error', () => resolve(null))
      .once('timeout', function () {
        this.destroy();
      });
  });

try {
  const app = join(folder, 'bench');
  mkdirSync(app);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(app, name), content);
  tfk('push', app);
  const { routerPort } = JSON.parse(readFileSync(join(env.TFK_HOME, 'run', 'tfkd.json'), 'utf8'));
  const router = { host: '127.0.0.1', port: routerPort };
  mkdirSync(byHandFolder);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(byHandFolder, name), content);
  writeFileSync(join(byHandFolder, 'Dockerfile'), DOCKERFILE);
  await buildByHand(byHandFolder);
  if (asked('push')) await push(app, router);
  if (asked('scale')) await scale();
  if (asked('logs')) await logs();
} finally {
  await removeByHand();
  await docker
    .getImage(IMAGE)
    .remove({ force: true })
    .catch(() => undefined);
  tfk('apps:destroy', '-a', 'bench', '--confirm', 'bench');
  tfk('daemon', 'stop');
  rmSync(folder, { recursive: true, force: true });
}

async function push(app, router) {
  const [byTfk, byHand] = [[], []];
  for (let round = 0; round < 7; round++) {
    appendFileSync(join(app, 'web.js'), `// ${round}\n`);
    byTfk.push(await seconds(() => tfk('push', app)));
    if ((await fetchText(router, 'bench.localhost')) === null)
      throw new Error('the pushed app does not answer');
    appendFileSync(join(byHandFolder, 'web.js'), `// ${round}\n`);
    byHand.push(
      await seconds(async () => {
        await buildByHand(byHandFolder);
        await removeByHand();
        await runByHand();
      }),
    );
  }
  report('push', 'one changed line → live', byTfk, 'build, remove, run by hand', byHand);
}

async function scale() {
  const [byTfk, byHand] = [[], []];
  for (let round = 0; round < 3; round++) {
    byTfk.push(
      await seconds(() => {
        tfk('scale', 'web=10', '-a', 'bench');
        tfk('ps:wait', '-a', 'bench');
      }),
    );
    tfk('scale', 'web=1', '-a', 'bench');
    await sleep(5_000);
    const names = Array.from({ length: 10 }, (_, index) => `${IMAGE}-${index}`);
    byHand.push(await seconds(() => Promise.all(names.map(runByHand))));
    await Promise.all(names.map(removeByHand));
  }
  report('scale', '1 → 10, all ready', byTfk, 'ten by hand at once', byHand);
}

function report(name, what, ours, other, theirs) {
  const [a, b] = [median(ours), median(theirs)];
  console.log(
    `${name.padEnd(8)} ${what} ${a.toFixed(2)} s; ${other} ${b.toFixed(2)} s; ratio ${(a / b).toFixed(2)}`,
  );
}

async function buildByHand(context) {
  const stream = await docker.buildImage(pack(context), { version: '2', t: IMAGE });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, events) => {
      const failed = error ?? events.find((event) => event.error);
      if (failed) reject(new Error(JSON.stringify(failed)));
      else resolve();
    }),
  );
}

async function removeByHand(name = IMAGE) {
  const container = docker.getContainer(name);
  await container.stop({ t: 5 }).catch(() => undefined);
  await container.remove({ force: true }).catch(() => undefined);
}

/** Resolves when it answers. */
async function runByHand(name = IMAGE) {
  const container = await docker.createContainer({ name, Image: IMAGE, HostConfig: { Init: true } });
  await container.start();
  const { IPAddress: host } = (await container.inspect()).NetworkSettings;
  while ((await fetchText({ host, port: 5000 }, 'x')) === null) await sleep(5);
}

async function logs() {
  const last = `${LINES} ${'x'.repeat(80)}`;
  const took = await seconds(async () => {
    tfk('run:detached', '-a', 'bench', '--', 'node', 'burst.js');
    const seen = () => tfk('logs', '-n', '1', '-a', 'bench', '-p', 'run', '-s', 'app').includes(last);
    for (let tries = 0; tries < 300 && !seen(); tries++) await sleep(100);
  });
  const text = tfk('logs', '-n', String(LINES + 100), '-a', 'bench', '-p', 'run');
  tell('tfk logs', took, numbersIn(text));
  let followed = '';
  const tookToFollow = await seconds(async () => (followed = await followByHand()));
  tell('docker logs --follow', tookToFollow, numbersIn(followed));
}

/** The driver's own defaults: 5 files of 20 MB. */
async function followByHand() {
  const container = await docker.createContainer({
    name: IMAGE,
    Image: IMAGE,
    Cmd: ['node', 'burst.js'],
    HostConfig: { LogConfig: { Type: 'local', Config: { 'max-size': '20m', 'max-file': '5' } } },
  });
  await container.start();
  const stream = await container.logs({ follow: true, stdout: true, stderr: true });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  await removeByHand();
  return Buffer.concat(chunks).toString();
}

function numbersIn(text) {
  return [...text.matchAll(/(\d+) x{80}/g)].map(([, number]) => Number(number));
}

function tell(what, took, numbers) {
  const inOrder = numbers.every((number, index) => index === 0 || number === numbers[index - 1] + 1);
  console.log(
    `logs     ${what}: ${Math.round(numbers.length / took)} lines/s; ${LINES - new Set(numbers).size} of ${LINES} lost; ${inOrder ? 'in order' : 'NOT in order'}`,
  );
}
