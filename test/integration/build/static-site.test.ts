import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { addFiles } from '../../../daemon/build/add-files.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { theseToolchains } from '../../support/toolchains.js';
import { aRequest, aSource, tempFolder } from './support.js';

interface Served {
  readonly port: number;
  readonly child: ChildProcess;
  /** The lines of its log, as far as they are there. */
  readonly lines: Record<string, unknown>[];
}

/** Builds a source as tfkd does, lays its slug out as a dyno gets it, and starts its web process there. */
async function served(source: string, prepare: (app: string) => void = () => undefined): Promise<Served> {
  const view = sourceTree(source);
  const context = { config: {}, images: false };
  const plan = choosePlanner(view, context).plan(view, context);
  await addFiles(source, plan.files);
  const builder = new ProcessBuilder({
    home: tempFolder(),
    path: process.env['PATH'] ?? '',
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });
  const result = await builder.build(aRequest(source, { plan }));
  if (!result.ok) throw new Error(result.message);
  const app = join(tempFolder(), 'dyno');
  await builder.materialise(result.artifact, app);
  prepare(app);
  const web = plan.defaultProcessTypes['web'] ?? '';
  const child = spawn('/bin/sh', ['-c', `exec ${web}`], {
    cwd: app,
    env: { PATH: process.env['PATH'], PORT: '0', TFK_RELEASE_VERSION: 'v1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: Record<string, unknown>[] = [];
  const output = createInterface(child.stdout);
  output.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  await once(output, 'line');
  return { port: Number(lines[0]?.['port']), child, lines };
}

async function ask({ port }: Served, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const sent = request({ port, path, headers, method, agent: false, host: '127.0.0.1' }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}

const SCRIPT = 'console.log("hello")\n'.repeat(50);

test('a website is built, and served with all that browsers and caches ask for', async () => {
  const source = aSource({
    'public/index.html': '<h1>hello</h1>',
    'public/app.8c8ee1f9.js': SCRIPT,
    'public/app.8c8ee1f9.js.gz': 'not what is wanted most',
    'public/404.html': 'nothing here',
    'public/.env': 'SECRET=1',
    'public/.well-known/security.txt': 'Contact: mailto:a@example.com',
    'public/film.mp4': 'x'.repeat(400_000) + 'end',
    'secret.txt': 'not of the site',
    'static.json': {
      root: 'public',
      headers: { '/**': { 'x-content-type-options': 'none', 'X-Own': 'yes' } },
    },
  });
  writeFileSync(join(source, 'public/app.8c8ee1f9.js.br'), brotliCompressSync(SCRIPT));
  const site = await served(source, (app) => {
    symlinkSync('../secret.txt', join(app, 'public/leak.txt'));
    symlinkSync('/etc', join(app, 'public/etc'));
    symlinkSync('index.html', join(app, 'public/home.html'));
    symlinkSync('.', join(app, 'public/circle'));
  });

  const home = await ask(site, '/?token=secret');
  expect(home).toMatchObject({ status: 200, body: Buffer.from('<h1>hello</h1>') });
  expect(home.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'none',
    'x-own': 'yes',
  });
  const etag = String(home.headers.etag);
  expect(await ask(site, '/', { 'If-None-Match': etag })).toMatchObject({
    status: 304,
    body: Buffer.alloc(0),
  });
  expect(await ask(site, '/', {}, 'HEAD')).toMatchObject({
    status: 200,
    headers: { 'content-length': '14', etag },
    body: Buffer.alloc(0),
  });

  const script = await ask(site, '/app.8c8ee1f9.js', { 'Accept-Encoding': 'gzip, br' });
  expect(brotliDecompressSync(script.body).toString()).toBe(SCRIPT);
  expect(script.headers).toMatchObject({
    'content-encoding': 'br',
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  const plain = await ask(site, '/app.8c8ee1f9.js');
  expect(plain.body.toString()).toBe(SCRIPT);
  expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' });
  expect(plain.headers.etag).not.toBe(script.headers.etag);

  const film = await ask(site, '/film.mp4', { Range: 'bytes=-5' });
  expect(film).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 399998-400002/400003' } });
  expect(film.body.toString()).toBe('xxend');
  expect((await ask(site, '/film.mp4')).body.length).toBe(400_003);
  expect(await ask(site, '/film.mp4', { Range: 'bytes=400003-' })).toMatchObject({
    status: 416,
    headers: { 'content-range': 'bytes */400003' },
  });

  expect((await ask(site, '/home.html')).body).toEqual(home.body);
  expect((await ask(site, '/.well-known/security.txt')).status).toBe(200);
  const hidden = [
    '/.env',
    '/leak.txt',
    '/etc/passwd',
    '/circle/index.html',
    '/../secret.txt',
    '/..%2fsecret.txt',
  ];
  for (const path of [
    ...hidden,
    '/%2e%2e/secret.txt',
    '/%252e%252e/secret.txt',
    '/.tfk/static-server/main.mjs',
  ])
    expect(await ask(site, path), path).toMatchObject({ status: 404, body: Buffer.from('nothing here') });
  expect(await ask(site, '/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });

  expect(site.lines[1]).toMatchObject({ method: 'GET', path: '/', status: 200, bytes: 14 });
  expect(JSON.stringify(site.lines)).not.toContain('token');
});

test('a single-page app answers all its addresses by its page, and ends in order while an answer is under way', async () => {
  const large = 'y'.repeat(30_000_000);
  const site = await served(
    aSource({
      'index.html': 'app',
      'static.json': { root: './', routes: { '/**': 'index.html' } },
      'large.bin': large,
    }),
  );
  expect((await ask(site, '/orders/42')).body.toString()).toBe('app');
  expect((await ask(site, '/static.json')).body.toString()).toBe('app');

  const slow = request({ port: site.port, path: '/large.bin', host: '127.0.0.1' }).end();
  const [answer] = (await once(slow, 'response')) as [IncomingMessage];
  const ended = once(site.child, 'exit');
  site.child.kill('SIGTERM');
  expect((await text(answer)).length).toBe(large.length);
  expect(await ended).toEqual([0, null]);
});
