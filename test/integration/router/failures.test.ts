import { describe, expect, test } from 'vitest';
import type { RouteApp } from '../../../daemon/router/control/protocol.js';
import { answering, startHttpBackend, startRawBackend, type RawScript } from '../../support/backend.js';
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
  statusOf,
  useRouters,
  type TestRouter,
} from './harness.js';

useRouters();

const FAST = {
  firstByteMs: 300,
  idleMs: 400,
  connectMs: 300,
  quarantineMs: 300,
  startingQueueMs: 300,
  servingQueueMs: 300,
  lingerMs: 300,
};

async function routed(app: RouteApp, limits: Record<string, number> = {}): Promise<TestRouter> {
  const router = await startTestRouter({ workers: 1, limits: { ...FAST, ...limits } });
  await router.control.publish([app]);
  return router;
}

async function routedToRaw(script: RawScript, limits: Record<string, number> = {}) {
  const backend = await startRawBackend(script);
  afterTest(() => backend.close());
  const router = await routed(appWith([backendOn(backend.port)]), limits);
  return { backend, router };
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const backend = await startRawBackend(() => undefined);
  await backend.close();
  return backend.port;
}

const GET = 'GET /a HTTP/1.1\r\nHost: shop.localhost\r\n\r\n';

describe('an app without a dyno to ask', () => {
  const cases: [RouteApp['state'], string, string, number][] = [
    ['crashed', 'H10', 'error', 503],
    ['idle', 'H14', 'error', 503],
    ['blank', 'H81', 'info', 503],
    ['maintenance', 'H80', 'info', 503],
    ['starting', 'H20', 'error', 503],
    ['serving', 'H20', 'error', 503],
  ];

  test('is answered by its state, in the log and to the client', async () => {
    const router = await startTestRouter({ workers: 1, limits: FAST });
    for (const [index, [state, code, at, status]] of cases.entries()) {
      await router.control.publish([appWith([], { state })]);
      const answer = await ask(router.port, { headers: { accept: 'application/json' } });
      expect(answer.status, state).toBe(status);
      expect(JSON.parse(answer.body), state).toMatchObject({ id: code });
      const line = (await router.lines(index + 1))[index];
      expect(line, state).toContain(`at=${at} code=${code} desc=`);
      expect(line, state).toMatch(/dyno= connect= service= status=503 bytes= protocol=http$/);
    }
  });

  test('in maintenance, its dynos are left alone', async () => {
    const backend = await startHttpBackend((_, response) => response.end('up'));
    afterTest(() => backend.close());
    const router = await routed(appWith([backendOn(backend.port)], { state: 'maintenance' }));
    expect((await ask(router.port)).status).toBe(503);
    expect(backend.requests).toHaveLength(0);
  });

  test('holds requests until a dyno is there', async () => {
    const backend = await startHttpBackend((_, response) => response.end('up'));
    afterTest(() => backend.close());
    const router = await routed(appWith([], { state: 'starting' }), { startingQueueMs: 30_000 });
    const waiting = [ask(router.port), ask(router.port)];
    await pause(200);
    await router.control.publish([appWith([backendOn(backend.port)])]);
    expect((await Promise.all(waiting)).map(({ status, body }) => [status, body])).toEqual([
      [200, 'up'],
      [200, 'up'],
    ]);
  });

  test('holds no more requests than it may: H11', async () => {
    const router = await routed(appWith([], { state: 'starting' }), { maxQueue: 2, startingQueueMs: 2_000 });
    const answers = Promise.all(
      [1, 2, 3, 4].map(() => ask(router.port, { headers: { accept: 'text/html' } })),
    );
    const lines = await router.lines(4);
    expect(lines.filter((line) => line.includes('code=H11 desc="Backlog too deep"'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('code=H20'))).toHaveLength(2);
    expect((await answers).map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  });

  test('tells an unknown host what answers, and nothing of what it runs', async () => {
    const router = await routed(appWith([], { hosts: ['secret-shop.localhost'] }));
    const answer = await ask(router.port, { headers: { host: 'evil.test' } });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.body).toContain('tfk');
    expect(answer.body).not.toContain('secret-shop');
    expect(await router.lines(0)).toEqual([]);
  });
});

describe('a dyno that fails before it answers', () => {
  test('refuses: H21 after its quarantine, and the others are asked instead', async () => {
    const router = await routed(appWith([backendOn(await deadPort())]));
    expect((await ask(router.port)).status).toBe(503);
    expect((await router.lines(1))[0]).toContain('at=error code=H21 desc="Backend connection refused"');

    const backend = await startHttpBackend((_, response) => response.end('other'));
    afterTest(() => backend.close());
    await router.control.publish([
      appWith([backendOn(await deadPort()), backendOn(backend.port, { dyno: 'web.2' })]),
    ]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask(router.port, { method: 'POST', body: 'x' })),
    );
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(8).fill([200, 'other']));
  });

  test('does not complete the connection: H19', async () => {
    // 192.0.2.0/24 is set aside for documentation: nobody answers there, or the network refuses at once.
    const router = await routed(appWith([{ ...backendOn(81), host: '192.0.2.1' }]));
    expect((await ask(router.port)).status).toBe(503);
    expect((await router.lines(1))[0]).toMatch(/code=H(19 desc="Backend connection timeout"|21 desc=)/);
  });

  test('says nothing: H12, while its request is counted until then', async () => {
    const { router, backend } = await routedToRaw(() => undefined);
    const answer = await ask(router.port);
    expect(answer.status).toBe(503);
    expect((await router.lines(1))[0]).toMatch(
      /code=H12 desc="Request timeout".* dyno=web\.1 connect=\d+ms service=\d+ms status=503 bytes=0/,
    );
    await eventually(() => expect(backend.connections.size).toBe(0));
  });

  const failing: Record<string, [RawScript, string, number]> = {
    'closes without a byte': [
      (socket) => socket.destroy(),
      'H13 desc="Connection closed without response"',
      503,
    ],
    'answers garbage': [answering('NONSENSE\r\n\r\n'), 'H17 desc="Poorly formatted HTTP response"', 502],
    'answers status 99': [answering('HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n'), 'H17', 502],
    'answers status 1000': [answering('HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n'), 'H17', 502],
    'sends a NUL in a field': [
      answering('HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'),
      'H17',
      502,
    ],
    'folds a field': [answering('HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'), 'H17', 502],
    'switches protocols unasked': [
      answering('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      'H17',
      502,
    ],
    'switches protocols without saying to what': [
      answering('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      'H17',
      502,
    ],
    'says hold on a thousand times': [
      answering('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000)),
      'H17',
      502,
    ],
    'hides a coding behind a tab': [
      answering(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      ),
      'H17',
      502,
    ],
    'sends a length and chunks': [
      answering('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      'H25 desc="HTTP restriction: invalid content length"',
      502,
    ],
    'sends two lengths': [
      answering('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'),
      'H25 desc="HTTP restriction: invalid content length"',
      502,
    ],
    'sends a negative length': [answering('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'), 'H25', 502],
    'sends a head of 600 KiB': [
      answering(`HTTP/1.1 200 OK\r\n${`X: ${'a'.repeat(10_000)}\r\n`.repeat(60)}\r\n`),
      'H25 desc="HTTP restriction: oversized header"',
      502,
    ],
    'sends 1001 fields': [answering(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(1_001)}\r\n`), 'H25', 502],
    'sends a cookie of 9 KiB': [
      answering(`HTTP/1.1 200 OK\r\nSet-Cookie: ${'a'.repeat(9_000)}\r\nContent-Length: 0\r\n\r\n`),
      'H25 desc="HTTP restriction: oversized cookie"',
      502,
    ],
    'sends a status line of 9 KiB': [
      answering(`HTTP/1.1 200 ${'a'.repeat(9_000)}\r\nContent-Length: 0\r\n\r\n`),
      'H25 desc="HTTP restriction: oversized status line"',
      502,
    ],
  };

  test('in every malformed way: the right code, a whole error page, and the next request is not harmed', async () => {
    for (const [name, [script, code, status]] of Object.entries(failing)) {
      const { router } = await routedToRaw(script);
      const answer = await ask(router.port);
      expect(answer.status, name).toBe(status);
      const [line = ''] = await router.lines(1);
      expect(line, name).toContain(`at=error code=${code}`);
      expect(line, name).toContain(`status=${status} `);
    }
  }, 180_000);
});

describe('a dyno that fails while it answers', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

  test('closes in the middle: H18, and the client sees a cut, not an end', async () => {
    const { router } = await routedToRaw(answering(HEAD, (socket) => setTimeout(() => socket.destroy(), 50)));
    const { text, closed } = await sendRaw(router.port, GET);
    expect(text).toContain('hello');
    expect(closed).toBe(true);
    expect(text).not.toContain('\r\n0\r\n');
    expect((await router.lines(1))[0]).toMatch(/^sock=backend at=error code=H18 .* status=503 bytes=5 /);
  });

  test('sends a bad chunk: H18', async () => {
    const { router } = await routedToRaw(
      answering(HEAD, (socket) => setTimeout(() => socket.write('zz\r\n'), 50)),
    );
    await sendRaw(router.port, GET);
    expect((await router.lines(1))[0]).toContain('code=H18');
  });

  test('falls silent: H15', async () => {
    const { router } = await routedToRaw(answering(HEAD));
    const { closed } = await sendRaw(router.port, GET, { quietMs: 5_000 });
    expect(closed).toBe(true);
    expect((await router.lines(1))[0]).toMatch(
      /^at=error code=H15 desc="Idle connection" .* status=503 bytes=5 /,
    );
  });

  test('a stream with a heartbeat is not silent', async () => {
    const { router } = await routedToRaw(
      answering(HEAD, (socket) => {
        let beats = 0;
        const timer = setInterval(() => {
          beats += 1;
          socket.write(beats < 8 ? '1\r\n.\r\n' : '0\r\n\r\n');
          if (beats === 8) clearInterval(timer);
        }, 150);
      }),
    );
    expect((await ask(router.port)).body).toBe('hello.......');
  });

  test('answers two responses to one request: the second reaches nobody', async () => {
    const one = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none';
    const { router, backend } = await routedToRaw(answering(`${one}${one.replace('one', 'two')}`));
    const bodies = [];
    for (let i = 0; i < 5; i++) bodies.push((await ask(router.port)).body);
    expect(bodies).toEqual(Array(5).fill('one'));
    expect(backend.accepted()).toBe(5);
  });

  test('204 and 304 have no body, whatever the dyno sends', async () => {
    for (const status of ['204 No Content', '304 Not Modified']) {
      const { router } = await routedToRaw(answering(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nhello`));
      const answer = await ask(router.port);
      expect([answer.status, answer.body]).toEqual([Number(status.slice(0, 3)), '']);
    }
  });
});

describe('a client', () => {
  test('that leaves: H27, the dyno connection is closed, and nothing stays counted', async () => {
    const { router, backend } = await routedToRaw(() => undefined, { firstByteMs: 30_000 });
    const socket = await openSocket(router.port);
    socket.write(GET);
    await eventually(async () =>
      expect(
        (await router.control.inFlight([`instance-${backend.port}`])).requests.get(
          `instance-${backend.port}`,
        ),
      ).toBe(1),
    );
    socket.destroy();
    expect((await router.lines(1))[0]).toMatch(
      /^sock=client at=warning code=H27 desc="Client Request Interrupted" .* status=499 bytes=0/,
    );
    await eventually(() => expect(backend.connections.size).toBe(0));
    expect(
      (await router.control.inFlight([`instance-${backend.port}`])).requests.get(`instance-${backend.port}`),
    ).toBe(0);
  });

  test('that stops in the middle of its body: H28', async () => {
    const { router } = await routedToRaw(() => undefined, { firstByteMs: 30_000 });
    const { closed } = await sendRaw(
      router.port,
      'POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 100\r\n\r\nabc',
      { quietMs: 5_000 },
    );
    expect(closed).toBe(true);
    expect((await router.lines(1))[0]).toMatch(
      /^sock=client at=warning code=H28 desc="Client Connection Idle" .* status=499/,
    );
  });

  test('that does not read: H28, and little is buffered for it', async () => {
    let sent = 0;
    const backend = await startHttpBackend((_, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const fill = (): void => {
        while (sent < 400_000_000 && response.write(chunk)) sent += chunk.length;
        response.once('drain', fill);
      };
      fill();
    });
    afterTest(() => backend.close());
    const router = await routed(appWith([backendOn(backend.port)]));
    const socket = await openSocket(router.port);
    socket.write(GET);
    socket.pause();
    expect((await router.lines(1))[0]).toContain('code=H28');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('that sends a bad chunk: H26, 400, and the dyno is cut off', async () => {
    const { router, backend } = await routedToRaw(() => undefined, { firstByteMs: 30_000 });
    const bytes =
      'POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n';
    const { text } = await sendRaw(router.port, bytes, { quietMs: 4_000 });
    expect(statusOf(text)).toBe(400);
    expect((await router.lines(1))[0]).toContain('code=H26 desc="Request Error" cause="bad chunk"');
    await eventually(() => expect(backend.connections.size).toBe(0));
    expect(backend.received.every((bytesSeen) => !bytesSeen.includes('\r\n0\r\n'))).toBe(true);
  });

  test('that drips its head is closed after the time for heads, like one that says nothing', async () => {
    const router = await startTestRouter({ workers: 1, limits: { headersMs: 600 } });
    const silent = await openSocket(router.port);
    const dripping = await openSocket(router.port);
    const closed = [silent, dripping].map(
      (socket) => new Promise((resolve) => socket.resume().once('close', resolve)),
    );
    dripping.write('GET / HTTP/1.1\r\nX');
    const drip = setInterval(() => dripping.write('x'), 100);
    await Promise.all(closed);
    clearInterval(drip);
  });

  test('beyond the number of requests the app may have: H11', async () => {
    const { router } = await routedToRaw(() => undefined, { maxRequestsPerBackend: 3, firstByteMs: 1_500 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(router.port)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(503));
    const lines = await router.lines(5);
    expect(lines.filter((line) => line.includes('code=H11'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('code=H12'))).toHaveLength(3);
  });

  test('refused for its request leaves a line in the log of the app it named', async () => {
    const router = await routed(appWith([]));
    await sendRaw(router.port, 'TRACE /\x22quoted HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    const [line = ''] = await router.lines(1);
    expect(line).toContain(
      'at=error code=H26 desc="Request Error" cause="method not allowed" method=TRACE path="/\\"quoted"',
    );
    expect(line).toContain('status=405');
  });
});
