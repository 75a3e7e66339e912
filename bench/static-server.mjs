#!/usr/bin/env node
/**
 * Requests per second of the static server against the least that Node.js can do: a server which opens a stream of the file and
 * pipes it. One after the other in one run, so that only the ratio counts.
 *
 *   node bench/static-server.mjs [--seconds 3] [--connections 32] [--rounds 3]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
  },
});
const program = fileURLToPath(new URL('../buildpacks/static-server/program', import.meta.url));
const autocannon = fileURLToPath(new URL('../node_modules/autocannon/autocannon.js', import.meta.url));

const BARE = `
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
const server = createServer((request, response) => createReadStream('site' + request.url).pipe(response));
server.listen(0, () => console.log(JSON.stringify({ port: server.address().port })));
`;
const SETTINGS = {
  root: 'site',
  hidden: [],
  cleanUrls: false,
  fallback: null,
  routes: [],
  redirects: [],
  headers: [],
  hashedFolders: [],
  errorPage: '404.html',
  httpsOnly: false,
  canonicalHost: null,
};
const FILES = { 'page.html': 4_000, 'script.js': 60_000, 'film.mp4': 4_000_000 };

const folder = mkdtempSync(join(tmpdir(), 'tfk-bench-'));
const started = [];
async function start(file) {
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const [line] = await once(createInterface(child.stdout), 'line');
  child.stdout.resume();
  return JSON.parse(line).port;
}

async function load(port, name) {
  const args = [autocannon, '--json', '-c', values.connections, '-d', values.seconds];
  const child = spawn(process.execPath, [...args, `http://127.0.0.1:${port}/${name}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await once(child, 'close');
  const result = JSON.parse(text);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} bad answers, ${result.errors} errors`);
  return result.requests.average;
}

try {
  mkdirSync(join(folder, 'site'));
  for (const [name, size] of Object.entries(FILES))
    writeFileSync(join(folder, 'site', name), 'x'.repeat(size));
  cpSync(program, join(folder, 'server'), { recursive: true });
  writeFileSync(join(folder, 'server/settings.json'), JSON.stringify(SETTINGS));
  writeFileSync(join(folder, 'bare.mjs'), BARE);
  const [ours, bare] = [await start('server/main.mjs'), await start('bare.mjs')];
  for (const name of Object.keys(FILES)) {
    const ratios = [];
    for (let round = 0; round < Number(values.rounds); round++)
      ratios.push((await load(ours, name)) / (await load(bare, name)));
    const ratio = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
    console.log(
      `static   ${name}, ${FILES[name]} bytes: requests per second to a bare stream ${ratio.toFixed(2)}`,
    );
  }
} finally {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
