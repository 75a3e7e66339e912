import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HostMap, parseAuthority } from '../../../../daemon/router/proxy/host.js';

describe('a Host value', () => {
  test.each([
    ['Shop.LocalHost', 'shop.localhost', ''],
    ['shop.localhost.', 'shop.localhost', ''],
    ['shop.localhost:8080', 'shop.localhost', '8080'],
    ['shop.localhost:', 'shop.localhost', ''],
    ['127.0.0.1:80', '127.0.0.1', '80'],
    ['[::1]:80', '[::1]', '80'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', ''],
  ])('%s is read', (text, name, port) => {
    expect(parseAuthority(text)).toEqual({ name, port });
  });

  test.each([
    '',
    '.',
    'a..',
    ' a',
    'a b',
    'a,b',
    'a/b',
    'u@a',
    'a:b',
    'a:99999',
    'a:1:2',
    '[::1',
    '[::g]',
    'a\x7f',
    'ä',
    'a'.repeat(256),
  ])('%j is refused', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });

  test('reads the same when read again', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const first = parseAuthority(text);
        if (first) expect(parseAuthority(first.name)?.name).toBe(first.name);
      }),
    );
  });
});

describe('hosts', () => {
  const hosts = new HostMap<string>();
  for (const host of ['a.example.com', '*.b.example.com', '*.example.com', 'app.localhost'])
    hosts.add(host, host);

  test.each([
    ['a.example.com', 'a.example.com'],
    ['x.a.example.com', '*.example.com'],
    ['x.b.example.com', '*.b.example.com'],
    ['x.y.b.example.com', '*.b.example.com'],
    ['b.example.com', '*.example.com'],
    ['example.com', undefined],
    ['app.localhost.evil.test', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])('%s finds %s', (name, found) => {
    expect(hosts.find(name)).toBe(found);
  });
});
