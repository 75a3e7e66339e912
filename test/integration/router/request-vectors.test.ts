import { describe, expect, test } from 'vitest';
import { startHttpBackend, type HttpBackend } from '../../support/backend.js';
import {
  afterTest,
  appWith,
  backendOn,
  sendRaw,
  startTestRouter,
  statusOf,
  useRouters,
  type TestRouter,
} from './harness.js';

useRouters();

const H = 'Host: shop.localhost\r\n';
const get = (headers: string, line = 'GET /x HTTP/1.1'): string => `${line}\r\n${headers}\r\n`;
const post = (headers: string, body = ''): string => `POST /x HTTP/1.1\r\n${H}${headers}\r\n${body}`;
const filled = (length: number): string => 'a'.repeat(length);

interface Vector {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
  /** The connection is closed after the answer. */
  readonly closes?: boolean;
}

const refused = (status: number, vectors: Record<string, string>, closes = true): Vector[] =>
  Object.entries(vectors).map(([name, bytes]) => ({ name, bytes, status, closes }));

const VECTORS: readonly Vector[] = [
  ...refused(400, {
    'Content-Length before chunked': post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    'chunked before Content-Length': post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'),
    'two different lengths': post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'),
    'two equal lengths': post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
    'a list of lengths': post('Content-Length: 1, 1\r\n', 'a'),
    'a signed length': post('Content-Length: +1\r\n', 'a'),
    'a negative length': post('Content-Length: -1\r\n', 'a'),
    'a hexadecimal length': post('Content-Length: 0x1\r\n', 'a'),
    'an empty length': post('Content-Length: \r\n', 'a'),
    'a length with an underscore': post('Content-Length: 1_0\r\n', 'a'),
    'a length beyond 64 bits': post('Content-Length: 18446744073709551617\r\n', 'a'),
    'transfer coding xchunked': post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    'transfer coding identity': post('Transfer-Encoding: identity\r\n', '0\r\n\r\n'),
    'vertical tab before chunked': post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
    'no-break space before chunked': post('Transfer-Encoding: \xa0chunked\r\n', '0\r\n\r\n'),
    'quoted chunked': post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'),
    'chunked with a parameter': post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'),
    'chunked not last': post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
    'two Transfer-Encoding lines': post(
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
      '0\r\n\r\n',
    ),
    'empty list element before chunked': post('Transfer-Encoding: ,chunked\r\n', '0\r\n\r\n'),
    'empty list element behind chunked': post('Transfer-Encoding: chunked,\r\n', '0\r\n\r\n'),
    'empty list elements': post('Transfer-Encoding: , ,chunked\r\n', '0\r\n\r\n'),
    'chunked in HTTP/1.0': `POST /x HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'empty Transfer-Encoding beside a length': post('Transfer-Encoding:\r\nContent-Length: 3\r\n', 'abc'),
    'space before the colon': post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'),
    'a field without a colon': get(`${H}Nonsense\r\n`),
    'an empty field name': get(`${H}: x\r\n`),
    'a space in a field name': get(`${H}X Y: z\r\n`),
    'an 8-bit byte in a field name': get(`${H}X\xe4: z\r\n`),
    'a folded field': get(`${H}X: a\r\n b\r\n`),
    'white space before the first field': get(` ${H}`),
    'a NUL in a field': get(`${H}X: a\0b\r\n`),
    'a bare CR in a field': get(`${H}X: a\rb\r\n`),
    'a bare LF in a field': get(`${H}X: a\n\x01: b\r\n`),
    'an underscore twin of Content-Length': post('Content_Length: 3\r\nContent-Length: 3\r\n', 'abc'),
    'an underscore twin of X-Forwarded-For': get(`${H}X_Forwarded_For: 1.2.3.4\r\n`),
    'an underscore twin of Host': get(`${H}Host_: other\r\n`),
    'an underscore twin of a field that is there': get(`${H}X-User: a\r\nX_User: b\r\n`),
    'chunk size 0x1': post('Transfer-Encoding: chunked\r\n', '0x1\r\na\r\n0\r\n\r\n'),
    'chunk size +1': post('Transfer-Encoding: chunked\r\n', '+1\r\na\r\n0\r\n\r\n'),
    'empty chunk size': post('Transfer-Encoding: chunked\r\n', '\r\na\r\n0\r\n\r\n'),
    'chunk size of 17 digits': post('Transfer-Encoding: chunked\r\n', '11111111111111111\r\na\r\n0\r\n\r\n'),
    'chunk data without CRLF': post('Transfer-Encoding: chunked\r\n', '1\r\nab0\r\n\r\n'),
    'a trailer Content-Length': post('Transfer-Encoding: chunked\r\n', '0\r\nContent-Length: 3\r\n\r\n'),
    'no Host': get(''),
    'two equal Host lines': get(`${H}${H}`),
    'two different Host lines': get(`${H}Host: other.localhost\r\n`),
    'empty Host': get('Host: \r\n'),
    'a path in Host': get('Host: shop.localhost/x\r\n'),
    'user information in Host': get('Host: u:p@shop.localhost\r\n'),
    'a list in Host': get('Host: shop.localhost, b\r\n'),
    'a space in Host': get('Host: shop localhost\r\n'),
    'a port out of range': get('Host: shop.localhost:99999\r\n'),
    'an open bracket in Host': get('Host: [::1\r\n'),
    'DEL in Host': get('Host: shop\x7f\r\n'),
    'a Host of 300 bytes': get(`Host: ${filled(300)}\r\n`),
    'an absolute target with another host': get(H, 'GET http://other.localhost/x HTTP/1.1'),
    'an absolute target with another port': get(H, 'GET http://shop.localhost:81/x HTTP/1.1'),
    'an absolute ftp target': get(H, 'GET ftp://shop.localhost/x HTTP/1.1'),
    'an asterisk for GET': get(H, 'GET * HTTP/1.1'),
    'an asterisk with a path': get(H, 'OPTIONS */x HTTP/1.1'),
    'a target without a slash': get(H, 'GET x HTTP/1.1'),
    'a fragment in the target': get(H, 'GET /x#y HTTP/1.1'),
    'an 8-bit byte in the target': get(H, 'GET /\xe4 HTTP/1.1'),
    'a control byte in the target': get(H, 'GET /\x01 HTTP/1.1'),
    'a space in the target': get(H, 'GET /a b HTTP/1.1'),
    'a tab between the parts of the line': get(H, 'GET\t/x\tHTTP/1.1'),
    'a lower-case protocol': get(H, 'GET /x http/1.1'),
    'HTTP/1.2': get(H, 'GET /x HTTP/1.2'),
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'websocket without a key': get(
      `${H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`,
    ),
    'websocket of version 8': get(
      `${H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`,
    ),
    'Connection naming X-Forwarded-For': get(`${H}Connection: close, x-forwarded-for\r\n`),
    'Connection naming Host': get(`${H}Connection: host\r\n`),
    'Connection naming Authorization': get(`${H}Connection: authorization\r\n`),
    'Connection naming Cookie': get(`${H}Connection: keep-alive, cookie\r\n`),
    'Connection naming Content-Length': post('Connection: content-length\r\nContent-Length: 1\r\n', 'a'),
  }),
  ...refused(501, {
    'an unknown transfer coding before chunked': post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    'an unknown method': get(H, 'FOO /x HTTP/1.1'),
  }),
  ...refused(405, {
    TRACE: get(H, 'TRACE /x HTTP/1.1'),
    CONNECT: get(H, 'CONNECT shop.localhost:80 HTTP/1.1'),
  }),
  ...refused(413, {
    'chunk extensions beyond 16 KiB': post(
      'Transfer-Encoding: chunked\r\n',
      `1;a=${filled(17_000)}\r\na\r\n0\r\n\r\n`,
    ),
  }),
  ...refused(414, { 'a target of 17 KiB': get(H, `GET /${filled(17_000)} HTTP/1.1`) }),
  ...refused(417, { 'an unknown expectation': post('Expect: foo\r\nContent-Length: 1\r\n', 'a') }),
  ...refused(421, { 'an https target on the http port': get(H, 'GET https://shop.localhost/x HTTP/1.1') }),
  ...refused(431, {
    'a field of 17 KiB': get(`${H}X: ${filled(17_000)}\r\n`),
    'a head of 70 KiB': get(H + Array.from({ length: 10 }, (_, i) => `X${i}: ${filled(7_000)}\r\n`).join('')),
    '1001 fields': get(H + Array.from({ length: 1_000 }, (_, i) => `X${i}: y\r\n`).join('')),
  }),
  ...refused(505, {
    'HTTP/0.9': 'GET /x\r\n\r\n',
    'HTTP/2.0 in text': get(H, 'GET /x HTTP/2.0'),
  }),
  ...refused(
    508,
    { 'a loop': get(`${H}Via: ${Array.from({ length: 10 }, () => '1.1 tfk').join(', ')}\r\n`) },
    false,
  ),
];

async function routerToEcho(): Promise<{ router: TestRouter; backend: HttpBackend }> {
  const backend = await startHttpBackend((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, rawHeaders } = request;
      response.end(
        JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }),
      );
    });
  });
  afterTest(() => backend.close());
  const router = await startTestRouter({ workers: 1, limits: { lingerMs: 200 } });
  await router.control.publish([appWith([backendOn(backend.port)])]);
  return { router, backend };
}

describe('what can be read in two ways', () => {
  test('is refused with the right status, the connection is closed, and no byte reaches a dyno', async () => {
    const { router, backend } = await routerToEcho();
    const wrong: string[] = [];
    for (const { name, bytes, status, closes } of VECTORS) {
      const { text, closed } = await sendRaw(router.port, bytes, {
        quietMs: 4_000,
        until: (soFar) => closes !== true && soFar.includes('</html>'),
      }).catch((error: unknown) => ({ text: String(error), closed: false }));
      if (statusOf(text) !== status || (closes === true && !closed)) {
        wrong.push(`${name}: ${text.split('\r\n')[0] ?? ''} (closed: ${closed}), not ${status}`);
      }
      if (text.match(/HTTP\/1\.1 /g)?.length !== 1) wrong.push(`${name}: not exactly one answer: ${text}`);
    }
    expect(wrong).toEqual([]);
    const whole = backend.requests.filter((request) => request.complete);
    expect(whole.map((request) => request.rawHeaders)).toEqual([]);
  }, 300_000);
});

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly body: string;
}

const ACCEPTED: Record<
  string,
  { bytes: string; sees?: Partial<Echo>; without?: string[]; has?: Record<string, string> }
> = {
  'an absolute target with the same host': {
    bytes: get(H, 'GET http://shop.localhost/x HTTP/1.1'),
    sees: { url: '/x' },
  },
  'an absolute target with a query only': {
    bytes: get(H, 'GET http://shop.localhost?a=1 HTTP/1.1'),
    sees: { url: '/?a=1' },
  },
  'a target that looks like another host': {
    bytes: get(H, 'GET //b.test/x HTTP/1.1'),
    sees: { url: '//b.test/x' },
  },
  'dots and escapes in the target': {
    bytes: get(H, 'GET /a/../..\\x/%00%0d%0a%2f HTTP/1.1'),
    sees: { url: '/a/../..\\x/%00%0d%0a%2f' },
  },
  'a Host in capitals with dot and port': {
    bytes: get('Host: SHOP.localhost.:8080\r\n'),
    has: { host: 'SHOP.localhost.:8080' },
  },
  'h2c offered': {
    bytes: get(
      `${H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`,
    ),
    without: ['upgrade', 'http2-settings'],
  },
  'h2c offered with a body': {
    bytes: post(
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\nContent-Length: 3\r\n',
      'abc',
    ),
    sees: { body: 'abc' },
    without: ['upgrade', 'http2-settings'],
  },
  'Connection naming a field of its own': {
    bytes: get(`${H}Connection: x-secret\r\nX-Secret: 1\r\nX-Other: 2\r\n`),
    without: ['x-secret'],
    has: { 'x-other': '2' },
  },
  'a GET with a body': {
    bytes: get(`${H}Content-Length: 3\r\n`).concat('abc'),
    sees: { method: 'GET', body: 'abc' },
  },
  'a DELETE with a chunked body': {
    bytes: get(`${H}Transfer-Encoding: chunked\r\n`, 'DELETE /x HTTP/1.1').concat('3\r\nabc\r\n0\r\n\r\n'),
    sees: { method: 'DELETE', body: 'abc' },
  },
  'chunk extensions and trailers': {
    bytes: post('Transfer-Encoding: chunked\r\n', '3;a=b\r\nabc\r\n0\r\nHost: evil\r\nX-Trailer: 1\r\n\r\n'),
    sees: { body: 'abc' },
    without: ['x-trailer', 'trailer'],
    has: { host: 'shop.localhost' },
  },
  'underscores without a twin': { bytes: get(`${H}X_Custom: 1\r\n`), has: { x_custom: '1' } },
  'an empty body with its length': {
    bytes: post('Content-Length: 0\r\n'),
    sees: { body: '' },
    has: { 'content-length': '0' },
  },
};

describe('what is unambiguous', () => {
  test('reaches the dyno as it was meant', async () => {
    const { router } = await routerToEcho();
    for (const [name, { bytes, sees, without, has }] of Object.entries(ACCEPTED)) {
      const { text } = await sendRaw(router.port, bytes, {
        quietMs: 5_000,
        until: (soFar) => soFar.endsWith('}'),
      });
      expect(statusOf(text), `${name}: ${text}`).toBe(200);
      const echo = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4).replace(/^[^{]*/, '')) as Echo;
      expect(echo, name).toMatchObject(sees ?? {});
      const fields = new Map<string, string>();
      for (let i = 0; i < echo.rawHeaders.length; i += 2) {
        fields.set((echo.rawHeaders[i] ?? '').toLowerCase(), echo.rawHeaders[i + 1] ?? '');
      }
      for (const field of without ?? []) expect([...fields.keys()], name).not.toContain(field);
      for (const [field, value] of Object.entries(has ?? {})) expect(fields.get(field), name).toBe(value);
    }
  });

  test('pipelined requests are answered in order, and garbage behind them is refused after them', async () => {
    const { router } = await routerToEcho();
    const bytes = [1, 2, 3].map((n) => get(H, `GET /${n} HTTP/1.1`)).join('');
    const { text, closed } = await sendRaw(router.port, `${bytes}GARBAGE\r\n\r\n`, { quietMs: 4_000 });
    const urls = [...text.matchAll(/"url":"\/(\d)"/g)].map((match) => match[1]);
    expect(urls).toEqual(['1', '2', '3']);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 200',
      'HTTP/1.1 200',
      'HTTP/1.1 400',
    ]);
    expect(closed).toBe(true);
  });

  test('a request cut at every offset is read like the whole', async () => {
    const { router, backend } = await routerToEcho();
    const bytes = post('Content-Length: 3\r\nConnection: close\r\n', 'abc');
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const { openSocket, pause } = await import('./harness.js');
      const socket = await openSocket(router.port);
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      const ended = new Promise((resolve) => socket.once('close', resolve));
      socket.write(bytes.slice(0, cut));
      await pause(5);
      socket.write(bytes.slice(cut));
      await ended;
      expect(statusOf(text), `cut at ${cut}`).toBe(200);
    }
    expect(backend.requests.every((request) => request.headers['content-length'] === '3')).toBe(true);
  });

  test('OPTIONS * is answered by the router itself', async () => {
    const { router, backend } = await routerToEcho();
    const { text } = await sendRaw(router.port, get(H, 'OPTIONS * HTTP/1.1'), {
      until: (soFar) => soFar.includes('\r\n\r\n'),
    });
    expect(statusOf(text)).toBe(200);
    expect(backend.requests).toHaveLength(0);
  });
});
