// Figures of the Docker engine, as ratios within one run: `node build.mjs && node bench/docker.mjs`. Needs an engine that answers at
// DOCKER_HOST or its usual socket, and node:20-slim there.
//   push    one changed line → live by `tfk push`, against building the image, removing and running the container by hand. By
//           hand means Docker's API itself, which spares the three starts of the docker command.
//   start   `tfk ps:restart` → the new dyno answers, against stopping and starting a container by hand
//   logs    lines a second from a dyno that prints as fast as it can, into the log store, and how many are lost
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
  if (asked('push')) await push(app, router);
  if (asked('start')) await start(router);
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
  const byHandFolder = join(folder, 'by-hand');
  mkdirSync(byHandFolder);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(byHandFolder, name), content);
  writeFileSync(join(byHandFolder, 'Dockerfile'), DOCKERFILE);
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

async function start(router) {
  const [byTfk, byHand] = [[], []];
  for (let round = 0; round < 7; round++) {
    const before = await fetchText(router, 'bench.localhost');
    byTfk.push(
      await seconds(async () => {
        tfk('ps:restart', '-a', 'bench');
        for (;;) {
          const now = await fetchText(router, 'bench.localhost');
          if (now !== null && now !== before) return;
          await sleep(5);
        }
      }),
    );
    if (asked('push')) {
      byHand.push(
        await seconds(async () => {
          await removeByHand();
          await runByHand();
        }),
      );
    }
  }
  if (byHand.length > 0) report('start', 'restart → new dyno answers', byTfk, 'remove, run by hand', byHand);
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

async function removeByHand() {
  const container = docker.getContainer(IMAGE);
  await container.stop({ t: 5 }).catch(() => undefined);
  await container.remove({ force: true }).catch(() => undefined);
}

/** Resolves when it answers. */
async function runByHand() {
  const container = await docker.createContainer({ name: IMAGE, Image: IMAGE, HostConfig: { Init: true } });
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
  const numbers = tfk('logs', '-n', String(LINES + 100), '-a', 'bench', '-p', 'run')
    .split('\n')
    .filter((line) => line.includes('xxxx'))
    .map((line) => Number(/: (\d+) x/.exec(line)?.[1]));
  const inOrder = numbers.every((number, index) => number === index + 1);
  console.log(
    `logs     ${LINES} lines in ${took.toFixed(1)} s: ${Math.round(LINES / took)} lines/s; ${LINES - numbers.length} lost; ${inOrder ? 'all in order' : 'NOT in order'}`,
  );
}
