import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkRequest,
  isRefusal,
  type CheckedRequest,
  type RequestHead,
} from '../../../../daemon/router/proxy/request-checks.js';

const HOST = ['Host', 'shop.localhost'];
const head = (rawHeaders: string[], extra: Partial<RequestHead> = {}): RequestHead => ({
  method: 'GET',
  url: '/',
  httpVersion: '1.1',
  rawHeaders: [...HOST, ...rawHeaders],
  ...extra,
});

function statusOf(request: RequestHead): number {
  const checked = checkRequest(request);
  return isRefusal(checked) ? checked.status : 200;
}

function accepted(request: RequestHead): CheckedRequest {
  const checked = checkRequest(request);
  if (isRefusal(checked)) throw new Error(`refused: ${checked.status} ${checked.cause}`);
  return checked;
}

describe('a request head', () => {
  const refusals: [number, string, RequestHead][] = [
    [505, 'HTTP/0.9', head([], { httpVersion: '0.9' })],
    [505, 'HTTP/2.0', head([], { httpVersion: '2.0' })],
    [405, 'TRACE', head([], { method: 'TRACE' })],
    [405, 'CONNECT', head([], { method: 'CONNECT' })],
    [414, 'a long target', head([], { url: `/${'a'.repeat(8_192)}` })],
    [400, 'a fragment', head([], { url: '/#a' })],
    [400, 'an 8-bit target', head([], { url: '/\u00e4' })],
    [400, 'an empty target', head([], { url: '' })],
    [400, 'GET *', head([], { url: '*' })],
    [421, 'https', head([], { url: 'https://shop.localhost/' })],
    [400, 'another host in the target', head([], { url: 'http://other.localhost/' })],
    [400, 'user information in the target', head([], { url: 'http://u@shop.localhost/' })],
    [400, 'two hosts', head(HOST)],
    [400, 'no host', head([], { rawHeaders: [] })],
    [400, 'length and chunks', head(['Content-Length', '1', 'Transfer-Encoding', 'chunked'])],
    [400, 'two lengths', head(['Content-Length', '1', 'content-length', '1'])],
    [400, 'a length of 16 digits', head(['Content-Length', '1234567890123456'])],
    [501, 'gzip, chunked', head(['Transfer-Encoding', 'gzip, chunked'])],
    [400, 'chunked twice', head(['Transfer-Encoding', 'chunked, chunked'])],
    [400, ',chunked', head(['Transfer-Encoding', ',chunked'])],
    [400, 'empty coding', head(['Transfer-Encoding', ''])],
    [400, 'chunked in HTTP/1.0', head(['Transfer-Encoding', 'chunked'], { httpVersion: '1.0' })],
    [400, 'Content_Length', head(['Content_Length', '1'])],
    [400, 'Transfer_Encoding', head(['Transfer_Encoding', 'chunked'])],
    [400, 'a twin of a present field', head(['X-User', 'a', 'X_USER', 'b'])],
    [400, 'Connection: cookie', head(['Connection', 'Cookie'])],
    [417, 'Expect: x', head(['Expect', 'x'])],
    [431, 'a long field', head(['X', 'a'.repeat(8_192)])],
    [431, 'many fields', head(Array.from({ length: 2_000 }, () => 'x'))],
    [508, 'ten proxies', head(['Via', Array.from({ length: 10 }, () => '1.1 x').join(',')])],
    [
      400,
      'websocket without key',
      head(['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']),
    ],
  ];

  test.each(refusals)('answers %i to %s', (status, _name, request) => {
    expect(statusOf(request)).toBe(status);
  });

  test('loses what is between client and router, and what the router says itself', () => {
    const { headers } = accepted(
      head([
        ...[
          'Connection',
          'close, X-Private',
          'X-Private',
          '1',
          'Keep-Alive',
          'x',
          'TE',
          'trailers',
          'Trailer',
          'x',
        ],
        ...[
          'Proxy-Authorization',
          'x',
          'Forwarded',
          'for=1',
          'X-Forwarded-Host',
          'evil',
          'X-Request-Start',
          '1',
        ],
        ...['Accept', 'a', 'accept', 'b', 'Cookie', 'c=1', 'x_odd', '1'],
      ]),
    );
    expect(headers).toEqual(['Accept', 'a', 'accept', 'b', 'Cookie', 'c=1', 'x_odd', '1']);
  });

  test('says whether there is a body', () => {
    expect(accepted(head([])).body).toBe('none');
    expect(accepted(head(['Content-Length', '0'])).body).toBe(0);
    expect(accepted(head(['Content-Length', '12'])).body).toBe(12);
    expect(accepted(head(['Transfer-Encoding', 'Chunked'])).body).toBe('chunked');
  });

  test('asks for one protocol, never for h2c, and only when Connection says so', () => {
    const upgrade = (...raw: string[]): string | undefined => accepted(head(raw)).upgrade;
    expect(upgrade('Connection', 'keep-alive, Upgrade', 'Upgrade', 'Tea')).toBe('tea');
    expect(upgrade('Connection', 'Upgrade', 'Upgrade', 'h2c')).toBeUndefined();
    expect(upgrade('Connection', 'Upgrade', 'Upgrade', 'tea, h2c')).toBeUndefined();
    expect(upgrade('Upgrade', 'tea')).toBeUndefined();
    expect(upgrade('Connection', 'Upgrade', 'Upgrade', 'tea', 'Content-Length', '3')).toBeUndefined();
  });

  test('keeps the path byte for byte, whatever visible ASCII it has', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(visible, (text) => {
        const url = `/${text.replaceAll('#', '')}`;
        expect(accepted(head([], { url })).path).toBe(url);
        expect(accepted(head([], { url: `http://SHOP.localhost.:80${url}` })).path).toBe(url);
      }),
    );
  });

  test('never passes framing, routing or hop-by-hop fields, however they are spelled', () => {
    const names = [
      'host',
      'content-length',
      'transfer-encoding',
      'connection',
      'upgrade',
      'te',
      'keep-alive',
      'x-forwarded-for',
      'expect',
    ];
    const field = fc.tuple(
      fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[a-z_-]{1,12}$/)).chain((name) => {
        return fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) => {
          return Array.from(name, (letter, i) => (upper[i] === true ? letter.toUpperCase() : letter)).join(
            '',
          );
        });
      }),
      fc.constantFrom('1', 'chunked', 'close', 'a.b', '100-continue', 'x-a, x-b'),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), (fields) => {
        const checked = checkRequest(head(fields.flat()));
        if (isRefusal(checked)) return;
        const passed = checked.headers
          .filter((_, i) => i % 2 === 0)
          .map((name) => name.toLowerCase().replaceAll('_', '-'));
        expect(passed.filter((name) => names.includes(name))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
