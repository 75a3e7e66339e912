import { get, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ATTACH_SCHEME,
  encodeClientFrame,
  FrameReader,
  type Build,
  type ClientFrame,
  type Dyno,
  type LogSession,
  type ServerFrame,
} from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { openBench, until, type Bench, type PlayedProcess } from './support.js';

let bench: Bench;
let server: Server;
let port: number;
let app: AppRecord;
const logged: unknown[] = [];
/** Twenty seconds of silence pass in a moment here. */
const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms === 20_000 ? 50 : ms, signal),
};
beforeEach(async () => {
  bench = await openBench();
  logged.length = 0;
  const logger = createLogger('silent', 'test');
  logger.error = (entry: unknown) => void logged.push(entry);
  server = bench.server({ clock: hasty, logger });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
  app = await bench.pushedApp('users-api');
});
afterEach(() => bench.close());

const post = async <T>(url: string, payload: object = {}): Promise<T> =>
  (await server.app.inject({ method: 'POST', url, payload })).json<T>();

/** A reply that is read as it comes. */
async function follow(path: string, headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, resolve).on('error', reject);
  });
  const reader = { response, text: '', ended: false };
  response.on('data', (chunk: Buffer) => (reader.text += chunk.toString()));
  response.on('close', () => (reader.ended = true));
  response.on('error', () => undefined);
  return reader;
}

const line = (text: string, dyno = 'web.1') => ({
  time: null,
  source: 'app' as const,
  dyno,
  stream: 'stdout' as const,
  release: 2,
  text,
});

describe('a log session', () => {
  const session = (body: object) => post<LogSession>('/apps/users-api/log-sessions', body);

  it("gives the last lines as server-sent events in Heroku's format, and ends", async () => {
    bench.logs.append(app.id, [line('one'), line('two'), line('three', 'worker.1')]);
    const { logplex_url } = await session({ lines: 2, tail: false, dyno: 'web' });
    const reader = await follow(logplex_url);
    await until('the end', () => reader.ended);
    expect(reader.response.headers['content-type']).toBe('text/event-stream');
    expect(reader.text).toMatch(
      /^retry: 1\n\nid: \d+\ndata: \S+ app\[web\.1\]: one\n\nid: \d+\ndata: \S+ app\[web\.1\]: two\n\n$/,
    );
  });

  it('shows new lines until the client goes, with heartbeats in silence', async () => {
    const { logplex_url } = await session({ tail: true, format: 'json' });
    const reader = await follow(logplex_url);
    await until('the first heartbeat', () => reader.text.includes(': still here\n\n'));
    bench.logs.append(app.id, [line('late')]);
    await until('the new line', () => reader.text.includes('"text":"late"'));
    reader.response.destroy();
    const again = await follow(logplex_url, { 'last-event-id': '0' });
    await until('the line again', () => again.text.includes('"text":"late"'));
    again.response.destroy();
  });

  it('goes on after the event that the reader has seen last', async () => {
    bench.logs.append(app.id, [line('one'), line('two')]);
    const { logplex_url } = await session({ tail: true });
    const reader = await follow(logplex_url, { 'last-event-id': '1' });
    await until('the second line', () => reader.text.includes('two'));
    expect(reader.text).not.toContain('one');
    reader.response.destroy();
  });

  it('is not there for a wrong secret', async () => {
    const reader = await follow('/tfk/logs/wrong');
    expect(reader.response.statusCode).toBe(404);
  });

  it('ends when the server closes, so that a stop of tfkd waits for nobody', async () => {
    const { logplex_url } = await session({ tail: true });
    const reader = await follow(logplex_url);
    await until('the beginning', () => reader.text.includes('retry'));
    await server.app.close();
    await until('the end', () => reader.ended);
  });
});

describe('build output', () => {
  const build = () =>
    post<Build>('/apps/users-api/builds', { source_blob: { url: 'https://example.com/x.tgz' } });

  it('begins at once, breaks its silence with NULs, and ends with the build', async () => {
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve));
    bench.asked.buildOutput = async function* () {
      yield '-----> Waiting\n';
      await done;
      yield '-----> Done\n';
    };
    const reader = await follow((await build()).output_stream_url);
    await until('a heartbeat', () => reader.text.includes('\0'));
    finish();
    await until('the end', () => reader.ended);
    expect(reader.text.replaceAll('\0', '')).toBe('-----> Waiting\n-----> Done\n');
    expect(reader.response.complete).toBe(true);
  });

  it('tells its source when the client has gone', async () => {
    let gone = false;
    bench.asked.buildOutput = async function* (signal) {
      yield 'x';
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      gone = true;
    };
    const reader = await follow((await build()).output_stream_url);
    await until('the first byte', () => reader.text.includes('x'));
    reader.response.destroy();
    await until('the source to hear of it', () => gone);
  });

  it('that breaks does not look complete', async () => {
    bench.asked.buildOutput = async function* () {
      yield 'half';
      throw new Error('the disk is gone');
    };
    const reader = await follow((await build()).output_stream_url);
    await until('the end', () => reader.ended);
    expect(reader.response.complete).toBe(false);
    expect(logged).toHaveLength(1);
    expect((await server.app.inject('/tfk/health')).statusCode).toBe(200);
  });

  it('waits for a slow reader instead of filling the memory', async () => {
    let made = 0;
    bench.asked.buildOutput = async function* () {
      for (; made < 2000; made++) yield 'x'.repeat(64 * 1024);
    };
    const reader = await follow((await build()).output_stream_url);
    reader.response.pause();
    reader.response.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = made;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(made).toBe(before);
    expect(made).toBeLessThan(1500);
    reader.response.destroy();
  });
});

/** A client of the attach protocol. */
async function attach(url: string, headers = 'Upgrade: tfk-attach') {
  const path = url.replace(ATTACH_SCHEME, '');
  const socket: Socket = connect(port, '127.0.0.1');
  const client = { socket, head: '', frames: [] as ServerFrame[], ended: false, output: () => '' };
  client.output = () =>
    client.frames.map((frame) => (frame.kind === 'exit' ? '' : frame.data.toString())).join('');
  const reader = FrameReader.ofServer();
  socket.on('data', (chunk: Buffer) => {
    if (client.head.includes('\r\n\r\n')) return void client.frames.push(...reader.push(chunk));
    const all = Buffer.concat([Buffer.from(client.head, 'latin1'), chunk]);
    const end = all.indexOf('\r\n\r\n');
    client.head = all.toString('latin1', 0, end === -1 ? all.length : end + 4);
    if (end !== -1 && client.head.includes(' 101 '))
      client.frames.push(...reader.push(all.subarray(end + 4)));
    else if (end !== -1) client.head = all.toString('latin1');
  });
  socket.on('close', () => (client.ended = true));
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`);
  await until('an answer', () => client.head.includes('\r\n\r\n') || client.ended);
  return client;
}

describe('an attached process', () => {
  const start = async (): Promise<{ url: string; process: PlayedProcess }> => {
    const body = { command: 'bash', attach: true };
    const { attach_url } = await post<Dyno>('/apps/users-api/dynos', body);
    const process = bench.asked.processes.at(-1);
    if (attach_url === null || !process) throw new Error('an attached dyno has both');
    return { url: attach_url, process };
  };
  const send = (socket: Socket, frame: ClientFrame): void => void socket.write(encodeClientFrame(frame));

  it('gets input, size and signals, and sends output, errors and its exit code', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
    let input = '';
    let ended = false;
    process.stdin.on('data', (chunk: Buffer) => (input += chunk.toString())).on('end', () => (ended = true));
    send(client.socket, { kind: 'stdin', data: Buffer.from('hello ✓') });
    send(client.socket, { kind: 'resize', columns: 120, rows: 40 });
    send(client.socket, { kind: 'signal', name: 'SIGINT' });
    send(client.socket, { kind: 'signal', name: 'SIGSTOP' });
    send(client.socket, { kind: 'stdin-end' });
    await until('the end of input', () => ended);
    expect([input, process.resized, process.signals]).toEqual([
      'hello ✓',
      [{ columns: 120, rows: 40 }],
      ['SIGINT'],
    ]);
    process.stdout.write('out');
    process.stderr.write('err');
    process.exit(7);
    await until('the end', () => client.ended);
    expect(client.frames.at(-1)).toEqual({ kind: 'exit', code: 7, outOfMemory: false });
    expect(client.frames.map(({ kind }) => kind).sort()).toEqual(['exit', 'stderr', 'stdout']);
    expect(process.closed).toBe(false);
  });

  it('sends all of a great output, in order, before its exit', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    const text = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join('');
    process.stdout.write(text);
    process.exit(0);
    await until('the end', () => client.ended);
    expect(client.output() === text).toBe(true);
  });

  it('is told when its client has gone', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    client.socket.destroy();
    await until('the process to be closed', () => process.closed);
  });

  it('is told when its client has gone while it reads no input', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    send(client.socket, { kind: 'stdin', data: Buffer.alloc(200_000) });
    client.socket.end();
    await until('the process to be closed', () => process.closed);
  });

  it('does not take more input than it reads', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    const frame = encodeClientFrame({ kind: 'stdin', data: Buffer.alloc(256 * 1024) });
    for (let sent = 0; sent < 256; sent++) client.socket.write(frame);
    await until('the pause', () => process.stdin.writableLength > 1024 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.stdin.writableLength).toBeLessThan(3 * 1024 * 1024);
    let read = 0;
    process.stdin.on('data', (chunk: Buffer) => (read += chunk.length));
    await until('all of it', () => read === 256 * 256 * 1024);
    process.exit(0);
    await until('the end', () => client.ended);
  });

  it('is let go by a client that does not speak the protocol', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    client.socket.write(Buffer.from([255, 1, 2, 3, 4, 5, 6]));
    await until('the end', () => client.ended);
    expect(process.closed).toBe(true);
  });

  it('is let go when the server closes', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    await server.app.close();
    await until('the end', () => client.ended && process.closed);
  });

  it('has an address that works once', async () => {
    const { url, process } = await start();
    const client = await attach(url);
    const second = await attach(url);
    expect(second.head).toMatch(/^HTTP\/1\.1 404 /);
    expect(second.head).toContain('"id":"not_found"');
    process.exit(0);
    await until('the end', () => client.ended);
  });

  it('is not waited for by a server that closes', async () => {
    await start();
    await server.app.close();
    expect(bench.asked.expired).toBe(1);
  });

  it.each([
    ['/tfk/attach/wrong', 'Upgrade: tfk-attach', 404],
    ['/apps', 'Upgrade: tfk-attach', 404],
    ['/tfk/attach/wrong', 'Upgrade: websocket', 400],
  ])('is not reached by %s with %s', async (path, headers, status) => {
    const client = await attach(path, headers);
    expect(client.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await until('the end', () => client.ended);
  });

  it('is not reached by a web page', async () => {
    const guarded = bench.server({ trusted: false });
    await guarded.app.listen({ host: '127.0.0.1', port: 0 });
    port = (guarded.app.server.address() as AddressInfo).port;
    const client = await attach('/tfk/attach/x', 'Upgrade: tfk-attach\r\nOrigin: http://evil.example');
    expect(client.head).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('an upload', () => {
  it('of 20 MB passes in pieces, without a type and without a known length', async () => {
    const { source_blob } = await post<{ source_blob: { put_url: string } }>('/sources');
    const socket = connect(port, '127.0.0.1');
    let reply = '';
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.write(
      `PUT ${source_blob.put_url} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < 20; sent++) {
      socket.write('100000\r\n');
      socket.write(piece);
      socket.write('\r\n');
    }
    socket.write('0\r\n\r\n');
    await until('the reply', () => reply.includes('HTTP/1.1 200'));
    expect([...bench.asked.received.values()][0]?.length).toBe(20 * 1024 * 1024);
    socket.destroy();
  });
});
