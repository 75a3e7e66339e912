import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { answering, startHttpBackend, startRawBackend } from '../../support/backend.js';
import {
  afterTest,
  appWith,
  ask,
  backendOn,
  eventually,
  openSocket,
  pause,
  sendRaw,
  startTestRouter,
  useRouters,
  type TestRouter,
} from './harness.js';

useRouters();

type Listener = Parameters<typeof startHttpBackend>[0];

async function routedTo(listener: Listener, limits: Record<string, number> = {}) {
  const backend = await startHttpBackend(listener);
  afterTest(() => backend.close());
  const router = await startTestRouter({ limits });
  await router.control.publish([appWith([backendOn(backend.port)])]);
  return { backend, router, instance: `instance-${backend.port}` };
}

async function counted(
  router: TestRouter,
  instance: string,
): Promise<[number | undefined, number | undefined]> {
  const { requests, upgraded } = await router.control.inFlight([instance]);
  return [requests.get(instance), upgraded.get(instance)];
}

describe('a request', () => {
  test('reaches the dyno with who asked, by which port, when, and under which id', async () => {
    const { router, backend } = await routedTo((_, response) => {
      response.writeHead(201, {
        'X-From': 'dyno',
        Connection: 'close, x-inner',
        'X-Inner': '1',
        Server: 'app',
      });
      response.end('made');
    });
    const id = 'a-request-id-of-my-own-1234';
    const answer = await ask(router.port, {
      path: '/a?b=%20c',
      headers: {
        'x-request-id': id,
        'x-forwarded-for': '9.9.9.9',
        'x-forwarded-proto': 'https',
        via: '1.1 cdn',
      },
    });
    expect([answer.status, answer.body, answer.headers['x-from']]).toEqual([201, 'made', 'dyno']);
    expect(answer.headers).not.toHaveProperty('x-inner');
    const [seen] = backend.requests;
    expect(seen?.url).toBe('/a?b=%20c');
    expect(seen?.headers).toMatchObject({
      host: 'shop.localhost',
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': String(router.port),
      'x-request-id': id,
      via: '1.1 cdn, 1.1 tfk',
    });
    expect(Math.abs(Date.now() - Number(seen?.headers['x-request-start']))).toBeLessThan(60_000);
    expect((await router.lines(1))[0]).toMatch(
      new RegExp(
        `^at=info method=GET path="/a\\?b=%20c" host=shop\\.localhost request_id=${id} fwd="9\\.9\\.9\\.9, 127\\.0\\.0\\.1" ` +
          'dyno=web\\.1 connect=\\d+ms service=\\d+ms status=201 bytes=4 protocol=http$',
      ),
    );
  });

  test('with an id that could do harm gets another', async () => {
    const { router, backend } = await routedTo((_, response) => response.end());
    await ask(router.port, { headers: { 'x-request-id': 'short' } });
    await ask(router.port, { headers: { 'x-request-id': `${'x'.repeat(30)}"; rm` } });
    for (const { headers } of backend.requests) expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('finds its app by exact name before wildcard, in any case, with port and dot', async () => {
    const names = ['exact', 'near', 'far'];
    const router = await startTestRouter({ workers: 1 });
    const apps = [];
    for (const [i, host] of ['a.example.com', '*.b.example.com', '*.example.com'].entries()) {
      const backend = await startHttpBackend((_, response) => response.end(names[i]));
      afterTest(() => backend.close());
      apps.push(appWith([backendOn(backend.port)], { id: host, hosts: [host] }));
    }
    await router.control.publish(apps);
    const hosts = [
      'A.example.com.:80',
      'a.example.com',
      'x.b.example.com',
      'x.y.b.example.com',
      'z.example.com',
      'b.example.com',
    ];
    const bodies = [];
    for (const host of hosts) bodies.push((await ask(router.port, { headers: { host } })).body);
    expect(bodies).toEqual(['exact', 'exact', 'near', 'near', 'far', 'far']);
    expect((await ask(router.port, { headers: { host: 'example.com' } })).status).toBe(404);
  });

  test('and its answer of 40 MB pass unchanged', async () => {
    const { router } = await routedTo((request, response) => request.pipe(response));
    const body = randomBytes(40_000_000);
    const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
    const [received] = await Promise.all([
      new Promise<Buffer>((resolve, reject) => {
        const upload = httpRequest({
          port: router.port,
          host: '127.0.0.1',
          method: 'POST',
          headers: { host: 'shop.localhost' },
        });
        upload.once('error', reject);
        upload.once('response', (response: IncomingMessage) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
        });
        upload.end(body);
      }),
    ]);
    expect(hash(received)).toBe(hash(body));
  });

  test('is streamed: the client has the first part before the dyno has made the last', async () => {
    let finish: (() => void) | undefined;
    const { router } = await routedTo((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      setTimeout(() => response.write('data: 1\n\n'), 50);
      finish = () => response.end('data: 2\n\n');
    });
    const socket = await openSocket(router.port);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.write('GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    await eventually(() => expect(text).toContain('data: 1'));
    expect(text).not.toContain('data: 2');
    finish?.();
    await eventually(() => expect(text).toContain('data: 2'));
  });

  test('whose head comes long before its body gets the head at once', async () => {
    const { router } = await routedTo((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
    });
    const { text } = await sendRaw(router.port, 'GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n', {
      quietMs: 10_000,
      until: (soFar) => soFar.includes('\r\n\r\n'),
    });
    expect(text).toContain('HTTP/1.1 200 OK');
  });

  test('expecting 100-continue is told to go on by the router', async () => {
    const { router, backend } = await routedTo((request, response) => request.pipe(response));
    const upload = httpRequest({
      port: router.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { host: 'shop.localhost', expect: '100-continue', 'content-length': 3 },
    });
    upload.flushHeaders();
    await once(upload, 'continue');
    upload.end('abc');
    const [response] = (await once(upload, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(backend.requests[0]?.headers).not.toHaveProperty('expect');
  });

  test('answered before its body was read: the answer arrives whole, and the rest is not awaited for ever', async () => {
    const { router } = await routedTo(
      (_, response) => {
        response.writeHead(413, { Connection: 'close' });
        response.end('too large');
      },
      { lingerMs: 300 },
    );
    const { text, closed } = await sendRaw(
      router.port,
      `POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 10000000\r\n\r\n${'x'.repeat(100_000)}`,
      { quietMs: 5_000 },
    );
    expect(text).toContain('HTTP/1.1 413');
    expect(text).toContain('too large');
    expect(closed).toBe(true);
  });

  test('on a kept connection the dyno has just closed is repeated when that is harmless, and else not', async () => {
    let served = 0;
    const backend = await startRawBackend((socket, seen) => {
      const count = seen.split('HTTP/1.1\r\n').length - 1;
      if (count > 1) return void socket.destroy();
      if (!seen.endsWith('\r\n\r\n') && !seen.endsWith('body')) return;
      served += 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    afterTest(() => backend.close());
    const router = await startTestRouter({ workers: 1 });
    await router.control.publish([appWith([backendOn(backend.port)])]);
    expect((await ask(router.port)).status).toBe(200);
    expect((await ask(router.port)).status).toBe(200);
    expect(served).toBe(2);
    expect((await ask(router.port)).status).toBe(200);
    const post = await ask(router.port, { method: 'POST', body: 'body' });
    expect([post.status, (await router.lines(4))[3]]).toEqual([503, expect.stringContaining('code=H13')]);
  });

  test('goes to the least busy dyno, and to equals in turn', async () => {
    const router = await startTestRouter({ workers: 1 });
    const counts = [0, 0, 0];
    const backends = await Promise.all(
      counts.map(async (_, i) => {
        const backend = await startHttpBackend((request, response) => {
          counts[i] = (counts[i] ?? 0) + 1;
          if (request.url !== '/slow') response.end();
        });
        afterTest(() => backend.close());
        return backendOn(backend.port, { dyno: `web.${i + 1}` });
      }),
    );
    await router.control.publish([appWith(backends)]);
    const slow = [1, 2].map(async () => {
      const socket = await openSocket(router.port);
      socket.write('GET /slow HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    });
    await Promise.all(slow);
    await eventually(() => expect(counts.reduce((a, b) => a + b)).toBe(2));
    const busy = counts.map((count) => count > 0);
    for (let i = 0; i < 10; i++) await ask(router.port);
    expect(counts.map((count, i) => (busy[i] === true ? count : count > 0 ? 'idle one' : 0))).toEqual(
      busy.map((isBusy) => (isBusy ? 1 : 'idle one')),
    );
    expect(counts.reduce((a, b) => a + b)).toBe(12);
  });

  test('of an HTTP/1.0 client is answered and closed', async () => {
    const { router } = await routedTo((_, response) => response.end('old'));
    const { text, closed } = await sendRaw(router.port, 'GET / HTTP/1.0\r\nHost: shop.localhost\r\n\r\n');
    expect(text).toMatch(/\r\n\r\nold$/);
    expect(closed).toBe(true);
  });

  test('gets early hints when the dyno has some', async () => {
    const backend = await startRawBackend(
      answering(
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      ),
    );
    afterTest(() => backend.close());
    const router = await startTestRouter({ workers: 1 });
    await router.control.publish([appWith([backendOn(backend.port)])]);
    const { text } = await sendRaw(router.port, 'GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n', {
      until: (soFar) => soFar.endsWith('ok'),
    });
    expect(text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/i,
    );
  });
});

describe('an upgraded connection', () => {
  async function withWebSockets(limits: Record<string, number> = {}) {
    const routed = await routedTo((_, response) => response.writeHead(426).end('upgrade, please'), limits);
    const sockets = new WebSocketServer({ server: routed.backend.server });
    sockets.on('connection', (socket) =>
      socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
    );
    return { ...routed, sockets };
  }

  const open = async (port: number): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { host: 'shop.localhost' } });
    afterTest(async () => socket.terminate());
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  };

  test('carries messages both ways, is counted apart, and leaves one line of its whole length', async () => {
    const { router, instance } = await withWebSockets();
    const socket = await open(router.port);
    const answers: string[] = [];
    socket.on('message', (data) => answers.push((data as Buffer).toString()));
    for (let i = 0; i < 100; i++) socket.send(String(i));
    await eventually(() => expect(answers).toHaveLength(100));
    expect(answers[99]).toBe('echo 99');
    expect(await counted(router, instance)).toEqual([0, 1]);
    socket.close();
    const [line] = await router.lines(1);
    expect(line).toMatch(
      /^at=info method=GET path="\/chat" .* dyno=web\.1 connect=\d+ms service=\d+ms status=101 bytes=\d+/,
    );
    await eventually(async () => expect(await counted(router, instance)).toEqual([0, 0]));
  });

  test('the dyno refuses: its answer reaches the client, and nothing held behind it reaches the dyno', async () => {
    const { router, backend } = await routedTo((_, response) => response.writeHead(403).end('no'));
    const { text, closed } = await sendRaw(
      router.port,
      'GET /chat HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: shop.localhost\r\n\r\n',
      { quietMs: 4_000 },
    );
    expect(text).toContain('HTTP/1.1 403');
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(closed).toBe(true);
    expect(backend.requests.map(({ url }) => url)).toEqual(['/chat']);
  });

  test('with silence in both directions is cut: H15', async () => {
    const { router } = await withWebSockets({ idleMs: 300 });
    const socket = await open(router.port);
    await once(socket, 'close');
    expect((await router.lines(1))[0]).toContain('code=H15 desc="Idle connection"');
  });

  test('stays when its dyno drains, and is cut some time after the dyno left the table: H24', async () => {
    const { router, backend, instance } = await withWebSockets({ removedGraceMs: 300 });
    const socket = await open(router.port);
    await router.control.publish([
      appWith([backendOn(backend.port, { draining: true })], { state: 'starting' }),
    ]);
    await pause(600);
    expect(await counted(router, instance)).toEqual([0, 1]);
    const closed = once(socket, 'close');
    await router.control.publish([appWith([])]);
    expect(await counted(router, instance)).toEqual([0, 1]);
    await closed;
    expect((await router.lines(1))[0]).toMatch(/code=H24 desc="Forced close" .* status= /);
    expect(await counted(router, instance)).toEqual([0, 0]);
  });

  test('of any protocol the dyno speaks is passed on', async () => {
    const { router, backend } = await routedTo((_, response) => response.end());
    backend.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\nhello ');
      socket.on('data', (chunk) => socket.end(chunk));
    });
    const { text, closed } = await sendRaw(
      router.port,
      'GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\nheld',
      { quietMs: 4_000 },
    );
    expect(text).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\nhello held$/s);
    expect(closed).toBe(true);
  });
});

describe('a draining dyno', () => {
  test('finishes what it has, gets nothing new, and its idle connections are closed', async () => {
    const finish: (() => void)[] = [];
    const listener: Listener = (request, response) => {
      if (request.url === '/slow') finish.push(() => response.end('old'));
      else response.end('old');
    };
    const { router, backend, instance } = await routedTo(listener);
    const next = await startHttpBackend((_, response) => response.end('new'));
    afterTest(() => next.close());
    await Promise.all(Array.from({ length: 4 }, () => ask(router.port)));
    const slow = ask(router.port, { path: '/slow' });
    await eventually(() => expect(finish).toHaveLength(1));
    expect(await counted(router, instance)).toEqual([1, 0]);

    await router.control.publish([
      appWith([backendOn(backend.port, { draining: true }), backendOn(next.port)]),
    ]);
    await eventually(() => expect(backend.connections.size).toBe(1));
    const before = backend.requests.length;
    const agent = new Agent({ keepAlive: true });
    for (let i = 0; i < 10; i++) expect((await ask(router.port, { agent })).body).toBe('new');
    agent.destroy();
    expect(backend.requests).toHaveLength(before);
    expect(await counted(router, instance)).toEqual([1, 0]);

    finish[0]?.();
    expect((await slow).body).toBe('old');
    await eventually(async () => expect(await counted(router, instance)).toEqual([0, 0]));
    await eventually(() => expect(backend.connections.size).toBe(0));
  });
});
