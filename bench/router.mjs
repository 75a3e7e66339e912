#!/usr/bin/env node
/**
 * Requests per second through the router and through nginx, to the same back end, one after the other in one run.
 *
 *   node bench/router.mjs [--router dist/daemon/router] [--nginx nginx] [--seconds 5] [--connections 32] [--cpu 0]
 *
 * Both proxies run with one worker on the core given by --cpu (taskset), with the access log on; client and back end run on
 * --client-cpu. Prints one JSON object. Without nginx it prints the router's figures only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    router: { type: 'string', default: 'dist/daemon/router' },
    nginx: { type: 'string', default: 'nginx' },
    autocannon: { type: 'string', default: 'node_modules/autocannon/autocannon.js' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    cpu: { type: 'string', default: String(availableParallelism() - 1) },
    'client-cpu': { type: 'string', default: '0' },
  },
});

const home = mkdtempSync(join(tmpdir(), 'tfk-bench-'));
const backend = createServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello from the back end\n');
});
backend.keepAliveTimeout = 120_000;
backend.listen(0, '127.0.0.1');
await once(backend, 'listening');
const backendPort = backend.address().port;

const pin = (pid, cpu) => spawnSync('taskset', ['-a', '-c', '-p', cpu, String(pid)]);
pin(process.pid, values['client-cpu']);

/** Milliseconds of processor time the process has used, in steps of 10 (Linux). */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function load({ port, pid }) {
  const before = pid && cpuMs(pid);
  const args = [values.autocannon, '--json', '-c', values.connections, '-d', values.seconds];
  args.push('-H', 'Host=shop.localhost', `http://127.0.0.1:${port}/`);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  pin(child.pid, values['client-cpu']);
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await once(child, 'close');
  const result = JSON.parse(text);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} bad answers, ${result.errors} errors`);
  const cpu = pid && {
    cpuMicrosPerRequest: Math.round(((cpuMs(pid) - before) * 1000) / result.requests.total),
  };
  const { p50, p99 } = result.latency;
  return { requestsPerSecond: Math.round(result.requests.average), p50, p99, ...cpu };
}

async function startTfk() {
  const part = (name) => import(pathToFileURL(resolve(values.router, name)).href);
  const [{ startRouter }, { RouterControl }, { routerPlaces }] = await Promise.all(
    ['control/spawn.js', 'control/client.js', 'control/places.js'].map(part),
  );
  const program = resolve(values.router, 'main.js');
  await startRouter({ nodePath: process.execPath, program, home, port: 0, workers: 1 });
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const clock = { now: Date.now, sleep: (ms) => new Promise((done) => setTimeout(done, ms)) };
  const control = new RouterControl({ socketPath: routerPlaces(home).socket, logger: quiet, clock });
  const entry = { id: 'i', dyno: 'web.1', host: '127.0.0.1', port: backendPort, draining: false };
  await control.publish([
    { id: 'a', name: 'shop', hosts: ['shop.localhost'], state: 'serving', backends: [entry] },
  ]);
  const { port, workers } = await control.status();
  pin(workers[0].pid, values.cpu);
  return { port, pid: workers[0].pid, stop: () => control.shutdown() };
}

async function startNginx() {
  if (spawnSync(values.nginx, ['-v']).error) return undefined;
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  writeFileSync(join(home, 'nginx.conf'), nginxConfig(port));
  const args = ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'nginx-error.log')];
  const child = spawn('taskset', ['-c', values.cpu, values.nginx, ...args], { stdio: 'inherit' });
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(`http://127.0.0.1:${port}/`, { headers: { host: 'shop.localhost' } }).catch(() => undefined)
    )
      break;
    await new Promise((done) => setTimeout(done, 50));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { port, pid: child.pid, stop };
}

function nginxConfig(port) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  return `daemon off; master_process off; worker_processes 1; pid ${home}/nginx.pid;
events { worker_connections 4096; }
http {
  ${temporary.join(' ')}
  access_log ${home}/nginx-access.log combined buffer=64k flush=1s;
  upstream dyno { server 127.0.0.1:${backendPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    server_name shop.localhost;
    location / {
      proxy_pass http://dyno;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;
}

const tfk = await startTfk();
const nginx = await startNginx();
const rounds = [];
try {
  await load(tfk);
  for (let round = 0; round < Number(values.rounds); round++) {
    const measured = { tfk: await load(tfk), ...(nginx && { nginx: await load(nginx) }) };
    measured.direct = await load({ port: backendPort });
    rounds.push(measured);
  }
} finally {
  await nginx?.stop();
  await tfk.stop();
  backend.close();
  backend.closeAllConnections();
  rmSync(home, { recursive: true, force: true });
}
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const ratioOf = (pick) => Number(median(rounds.map(({ tfk, nginx }) => pick(tfk) / pick(nginx))).toFixed(2));
const ratios = nginx && {
  requestsPerSecondToNginx: ratioOf((figures) => figures.requestsPerSecond),
  /** The steadier figure on a busy machine: what a request costs. */
  cpuPerRequestToNginx: ratioOf((figures) => figures.cpuMicrosPerRequest),
};
process.stdout.write(`${JSON.stringify({ rounds, ...ratios }, null, 2)}\n`);
