import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Server } from '../../../daemon/http/server.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { LocalAuthority } from '../../../daemon/tls/authority.js';
import { openBench, until, type Bench, type PlayedProcess } from './support.js';

const MARK = '\uFFFF heroku-command-exit-status: ';

let bench: Bench;
let home: string;
let authority: LocalAuthority;
let server: Server;
let port: number;
let token: string;
let certificates: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  bench = await openBench();
  home = await mkdtemp(join(tmpdir(), 'tfk-rendezvous-'));
  authority = await LocalAuthority.open(home, systemClock);
  certificates = 0;
  await listen();
  await bench.pushedApp('demo');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await bench.close();
  await rm(home, { recursive: true, force: true });
});

async function listen(clock = systemClock): Promise<void> {
  server = bench.server({
    trusted: false,
    clock,
    certificate: () => {
      certificates += 1;
      return authority.certificateFor(['127.0.0.1', '::1', 'localhost']);
    },
  });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
  token = bench.token();
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request over a connection of its own. */
function ask(
  secure: boolean,
  method: string,
  path: string,
  body?: object,
  headers: object = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false as const,
      ca: authority.caPem,
      servername: 'localhost',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/vnd.heroku+json; version=3',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    };
    const request = (secure ? httpsRequest : httpRequest)(options, (reply) => {
      let answer = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (answer += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: answer }));
    });
    request.on('error', reject);
    request.end(text);
  });
}

async function runAttached(
  body: object = {},
): Promise<{ secret: string; process: PlayedProcess; url: string }> {
  const answer = await ask(false, 'POST', '/apps/demo/dynos', { command: 'cat', attach: true, ...body });
  const { attach_url: url } = JSON.parse(answer.body) as { attach_url: string };
  const process = bench.asked.processes.at(-1);
  if (!process) throw new Error('no process was asked for');
  return { url, process, secret: url.slice(url.lastIndexOf('/') + 1) };
}

interface Client {
  readonly socket: TLSSocket;
  /** What came, a record a piece. */
  readonly pieces: string[];
  readonly closed: Promise<unknown>;
}

async function dial(): Promise<Client> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.caPem });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  const pieces: string[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => pieces.push(chunk.toString('utf8')));
  return { socket, pieces, closed };
}

async function meet(secret: string): Promise<Client> {
  const client = await dial();
  client.socket.write(`${secret}\r\n`);
  await until('the greeting', () => client.pieces.length > 0);
  return client;
}

describe('the one port', () => {
  it('speaks HTTP and HTTPS, and says in addresses which it was', async () => {
    for (const secure of [false, true]) {
      const answer = await ask(secure, 'POST', '/sources');
      expect(answer.status).toBe(201);
      const { source_blob } = JSON.parse(answer.body) as { source_blob: { put_url: string } };
      expect(source_blob.put_url).toMatch(
        new RegExp(`^${secure ? 'https' : 'http'}://127\\.0\\.0\\.1:${port}/`),
      );
    }
    expect(certificates).toBe(1);
  });

  it('keeps a connection for several requests, plain and encrypted, in pieces as small as bytes', async () => {
    for (const socket of [connectPlain(port, '127.0.0.1'), (await dial()).socket]) {
      sockets.push(socket);
      let answers = '';
      socket.on('data', (chunk: Buffer) => (answers += chunk.toString('utf8')));
      const text = `GET /account HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      for (const byte of text) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
      await until('the first answer', () => answers.includes('ada@example.com'));
      socket.write(text);
      await until('the second answer', () => answers.split('ada@example.com').length === 3);
    }
  });

  it('wants a token and the right Host over TLS too', async () => {
    token = 'wrong';
    expect((await ask(true, 'GET', '/account')).status).toBe(401);
    token = bench.token();
    expect((await ask(true, 'GET', '/account', undefined, { host: 'evil.example.com' })).status).toBe(421);
    expect(
      (await ask(true, 'GET', '/account', undefined, { origin: 'https://evil.example.com' })).status,
    ).toBe(403);
  });

  it('speaks no TLS older than 1.2', async () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      ca: authority.caPem,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    sockets.push(socket);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/version|ECONNRESET/i);
  });

  it('refuses what is neither, without taking harm', async () => {
    const plain = connectPlain(port, '127.0.0.1');
    sockets.push(plain);
    plain.write('nonsense\r\n\r\n');
    const [reply] = (await once(plain, 'data')) as [Buffer];
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 400 /);
    const broken = connectPlain(port, '127.0.0.1');
    sockets.push(broken);
    broken.on('error', () => undefined).resume();
    broken.write(Buffer.from([0x16, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01]));
    await once(broken, 'close');
    expect((await ask(true, 'GET', '/account')).status).toBe(200);
  });

  it('lets go of who says nothing, and of all when the server closes', async () => {
    const patience = new AbortController();
    await listen({
      now: () => Date.now(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal && AbortSignal.any([signal, patience.signal])),
    });
    const silent = [connectPlain(port, '127.0.0.1'), (await dial()).socket];
    sockets.push(...silent);
    const ends = silent.map((socket) => once(socket.on('error', () => undefined).resume(), 'close'));
    expect((await ask(false, 'GET', '/account')).status).toBe(200);
    patience.abort();
    await Promise.all(ends);

    await listen();
    const half = connectPlain(port, '127.0.0.1');
    half.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    const open = [connectPlain(port, '127.0.0.1'), half, (await dial()).socket];
    sockets.push(...open);
    const closed = open.map((socket) => once(socket.on('error', () => undefined).resume(), 'close'));
    await server.app.close();
    await Promise.all(closed);
  });

  it('takes a new certificate before the old one ends, without a restart', async () => {
    let ahead = 0;
    await listen({ now: () => Date.now() + ahead, sleep: (ms, signal) => systemClock.sleep(ms, signal) });
    const first = (await dial()).socket.getPeerCertificate().fingerprint256;
    expect((await dial()).socket.getPeerCertificate().fingerprint256).toBe(first);
    ahead = 61 * 86_400_000;
    expect((await dial()).socket.getPeerCertificate().fingerprint256).not.toBe(first);
    expect(certificates).toBe(2);
  });
});

describe('a rendezvous', () => {
  it('is where a Heroku client is sent, at the address by which it called; ours is sent elsewhere', async () => {
    expect((await runAttached()).url).toMatch(
      new RegExp(`^rendezvous://127\\.0\\.0\\.1:${port}/[\\w-]{43}$`),
    );
    const ours = { accept: 'application/vnd.heroku+json; version=3.tfk' };
    const answer = await ask(false, 'POST', '/apps/demo/dynos', { command: 'cat', attach: true }, ours);
    expect((JSON.parse(answer.body) as { attach_url: string }).attach_url).toMatch(/^tfk\+attach:/);
    const app = bench.services.apps.find('demo');
    if (!app) throw new Error('the app is there');
    bench.dyno(app, 'web.1');
    const inside = await ask(
      false,
      'POST',
      '/apps/demo/dynos/web.1',
      { command: 'ls' },
      {
        accept: 'application/vnd.heroku+json; version=3.run-inside',
      },
    );
    expect(inside.status).toBe(201);
    expect((JSON.parse(inside.body) as { attach_url: string }).attach_url).toMatch(/^rendezvous:/);
  });

  it('greets in a record of its own, then passes bytes both ways', async () => {
    const { secret, process } = await runAttached();
    process.stdout.write('at once\n');
    const { socket, pieces, closed } = await meet(secret);
    await until('the output', () => pieces.join('').includes('at once'));
    expect(pieces[0]).toBe('rendezvous\r\n');
    socket.write('hello\n');
    await until('the input', () => process.stdin.readableLength > 0);
    expect(String(process.stdin.read())).toBe('hello\n');
    process.stderr.write('of stderr\n');
    await until('stderr', () => pieces.join('').includes('of stderr'));
    process.exit(0);
    await closed;
  });

  it('takes byte 4 at the end for the end of the input, and in the midst for data', async () => {
    const { secret, process } = await runAttached({ force_no_tty: true });
    const { socket } = await meet(secret);
    let input = '';
    process.stdin.on('data', (chunk: Buffer) => (input += chunk.toString()));
    const ended = once(process.stdin, 'end');
    socket.write('a\u0004b');
    await until('the data', () => input === 'a\u0004b');
    socket.write('c\u0004');
    await ended;
    expect(input).toBe('a\u0004bc');
    process.exit(0);
  });

  it('passes byte 4 and Ctrl-C on to a terminal of the size that COLUMNS and LINES say', async () => {
    const { secret, process } = await runAttached({ env: { TERM: 'xterm', COLUMNS: 133, LINES: 44 } });
    expect(bench.asked.oneOffs.at(-1)?.terminal).toEqual({ columns: 133, rows: 44 });
    Object.assign(process, { stderr: null });
    const { socket } = await meet(secret);
    socket.write('\u0003\u0004');
    await until('the bytes', () => process.stdin.readableLength > 0);
    expect(String(process.stdin.read())).toBe('\u0003\u0004');
    expect(process.stdin.writableEnded).toBe(false);
    process.stdout.end();
    Object.assign(process, { stderr: { end: () => undefined } });
    process.exit(0);
  });

  it('keeps the line with the exit code in one record, however it was written', async () => {
    const { secret, process } = await runAttached();
    const { pieces, closed } = await meet(secret);
    const bytes = Buffer.from(`${'x'.repeat(40_000)}\n${MARK}7\n`);
    for (const chunk of [
      bytes.subarray(0, 39_000),
      bytes.subarray(39_000, 40_002),
      bytes.subarray(40_002, 40_010),
    ]) {
      process.stdout.write(chunk);
      process.stderr.write('e');
      await new Promise(setImmediate);
    }
    process.stdout.write(bytes.subarray(40_010));
    process.exit(7);
    await closed;
    expect(pieces).toContain(`${MARK}7\n`);
    const withoutStderr = (text: string): string => text.replaceAll('e', '');
    expect(withoutStderr(pieces.join(''))).toBe(withoutStderr(`rendezvous\r\n${bytes.toString()}`));
  });

  it('does not hold back a prompt', async () => {
    const { secret, process } = await runAttached();
    const { pieces } = await meet(secret);
    process.stdout.write('Name? ');
    await until('the prompt', () => pieces.includes('Name? '));
    process.exit(0);
  });

  it('does not close under a client that is about to say that its input has ended', async () => {
    const { secret, process } = await runAttached();
    const begun = Date.now();
    process.exit(0);
    const { closed } = await meet(secret);
    await closed;
    expect(Date.now() - begun).toBeGreaterThanOrEqual(190);
  });

  it('closes on an unknown secret, and on one that was used', async () => {
    const { secret, process } = await runAttached();
    for (const used of ['A'.repeat(43), secret, secret]) {
      const client = await dial();
      client.socket.write(`${used}\r\n`);
      if (used === secret && !process.closed) {
        await until('the greeting', () => client.pieces.length > 0);
        client.socket.destroy();
        await until('the end of the process', () => process.closed);
      }
      await client.closed;
      if (used !== secret) expect(client.pieces).toEqual([]);
    }
  });

  it('tells the process that its client has gone', async () => {
    const { secret, process } = await runAttached();
    const { socket } = await meet(secret);
    socket.destroy();
    await until('the end of the process', () => process.closed);
  });

  it('waits for a client that reads slowly, and for a process that does', async () => {
    const { secret, process } = await runAttached();
    const { socket, pieces } = await meet(secret);
    socket.pause();
    let written = 0;
    while (
      process.stdout.write(Buffer.alloc(64 * 1024, 'y')) ||
      process.stdout.writableLength < 1024 * 1024
    ) {
      written += 1;
      if (written > 1000) break;
      await new Promise(setImmediate);
    }
    expect(written).toBeLessThan(1000);
    socket.resume();
    await until('all of it', () => pieces.join('').length >= 12 + written * 64 * 1024);
    let sent = 0;
    while (socket.write(Buffer.alloc(256 * 1024, 'z')) || socket.writableLength < 4 * 1024 * 1024) {
      sent += 1;
      if (sent > 1000) break;
      await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(1000);
    expect(process.stdin.writableLength).toBeLessThan(8 * 1024 * 1024);
    process.exit(0);
  });

  it('ends with the server', async () => {
    const { secret, process } = await runAttached();
    const { closed } = await meet(secret);
    await server.app.close();
    await closed;
    await until('the end of the process', () => process.closed);
  });
});
