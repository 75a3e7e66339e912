import { describe, expect, it } from 'vitest';
import {
  addressKey,
  isNamedBy,
  maskedUrl,
  originOf,
  parseDrainUrl,
  placeOf,
} from '../../../daemon/drains/address.js';

describe("a drain's URL", () => {
  it.each([
    ['syslog://logs.example.com', 'syslog', 'logs.example.com', 601],
    ['syslog://localhost:5514', 'syslog', 'localhost', 5514],
    ['syslog://10.0.0.7:80/', 'syslog', '10.0.0.7', 80],
    ['syslog+tls://Logs.Example.COM:515', 'syslog+tls', 'logs.example.com', 515],
    ['syslog+tls://[::1]', 'syslog+tls', '::1', 6514],
    ['syslog://bücher.example:1', 'syslog', 'xn--bcher-kva.example', 1],
  ])('%s is host and port', (url, scheme, host, port) => {
    expect(parseDrainUrl(url)).toEqual({ scheme, host, port, path: '/', credentials: null });
  });

  it('over HTTP has a path, a query and credentials', () => {
    expect(parseDrainUrl('https://ada:p%40ss%3Aword@logs.example.com/a/b?key=1&x#part')).toEqual({
      scheme: 'https',
      host: 'logs.example.com',
      port: 443,
      path: '/a/b?key=1&x',
      credentials: { user: 'ada', password: 'p@ss:word' },
    });
    expect(parseDrainUrl('http://127.0.0.1:9000')).toMatchObject({
      port: 9000,
      path: '/',
      credentials: null,
    });
  });

  it.each([
    '',
    'logs.example.com:514',
    'ftp://logs.example.com',
    'udp://logs.example.com:514',
    'syslog://',
    'syslog:logs.example.com',
    'syslog://logs.example.com:0',
    'syslog://logs.example.com:70000',
    'syslog://logs.example.com/path',
    'syslog://user:secret@logs.example.com:514',
    'syslog+tls://logs.example.com:6514#insecure',
    'syslog://a b:514',
    'syslog://-x.example:1',
    'https://logs.example.com/\n',
    'https://a%3Ab:c@logs.example.com',
    'https://%ff:c@logs.example.com',
    `https://logs.example.com/${'x'.repeat(2_000)}`,
  ])('is refused: %j', (url) => {
    expect(() => parseDrainUrl(url)).toThrow(/Nothing was changed/);
  });

  it('is not repeated in the refusal', () => {
    expect(() => parseDrainUrl('https://ada:hunter2@/x')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });

  it.each([
    ['https://ada:hunter2@logs.example.com/x', 'https://ada:****@logs.example.com/x'],
    ['https://token@logs.example.com', 'https://****@logs.example.com'],
    [
      'https://logs.example.com/v2/?dd-api-key=abc&source=tfk',
      'https://logs.example.com/v2/?dd-api-key=****&source=****',
    ],
    ['https://logs.example.com/x?SECRET&a=b&OTHER#HASH', 'https://logs.example.com/x?****&a=****&****#****'],
    ['https://logs.example.com/', 'https://logs.example.com/'],
    ['syslog+tls://logs.example.com:515', 'syslog+tls://logs.example.com:515'],
  ])('%s is shown as %s', (url, shown) => {
    expect(maskedUrl(url)).toBe(shown);
  });

  it.each([
    ['https://listener.example.com:8081/token/SECRET', 'https://listener.example.com:8081/****'],
    ['https://ada:hunter2@logs.example.com', 'https://logs.example.com/****'],
    ['https://logs.example.com/?SECRET', 'https://logs.example.com/****'],
    ['https://logs.example.com/', 'https://logs.example.com'],
    ['syslog+tls://logs.example.com:515', 'syslog+tls://logs.example.com:515'],
  ])('%s is %s to who only reads', (url, shown) => {
    expect(placeOf(url)).toBe(shown);
  });

  it('leads to the same place in other spellings', () => {
    const key = (url: string) => addressKey(parseDrainUrl(url));
    expect(key('https://LOGS.example.com:443')).toBe(key('https://logs.example.com/'));
    expect(key('https://a:b@logs.example.com/')).not.toBe(key('https://logs.example.com/'));
    expect(key('syslog://logs.example.com')).toBe(key('syslog://logs.example.com:601/'));
    expect(originOf(parseDrainUrl('syslog://[::1]:5'))).toBe('syslog://[::1]:5');
  });
});

describe('a drain', () => {
  const drain = { id: 'the-id', token: 'd.the-token', url: 'https://ada:hunter2@logs.example.com/x' };

  it('is named by id, token, URL, and its URL as it is shown', () => {
    for (const name of [drain.id, drain.token, drain.url, maskedUrl(drain.url)])
      expect(isNamedBy(drain, name), name).toBe(true);
    expect(isNamedBy(drain, 'https://ada:hunter2@LOGS.example.com:443/x')).toBe(true);
  });

  it('is not named by a URL with another password, nor by nonsense', () => {
    for (const name of ['https://ada:wrong@logs.example.com/x', 'https://logs.example.com/x', '', '%'])
      expect(isNamedBy(drain, name), name).toBe(false);
  });
});
