import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { TokenCheck, tokenOf } from '../../../daemon/http/auth.js';
import { guardAgainstBrowsers } from '../../../daemon/http/browser-guard.js';
import { TfkError } from '../../../daemon/shared/errors.js';

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('the token of an Authorization header', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    [basic(':abc'), 'abc'],
    [basic('heroku:abc'), 'abc'],
    [basic('a@b.c:x:y'), 'x:y'],
    [basic('no colon'), null],
    ['Digest abc', null],
    ['Bearer', null],
    ['Bearer a b', null],
    ['', null],
  ])('in %j is %j', (header, token) => {
    expect(tokenOf(header)).toBe(token);
  });
});

describe('wrong tokens', () => {
  const request = (token: string, ip = '127.0.0.1') =>
    ({ headers: { authorization: `Bearer ${token}` }, ip }) as unknown as FastifyRequest;
  const record = {
    id: '1',
    userId: 'u',
    description: '',
    scope: ['global'],
    createdAt: 0,
    updatedAt: 0,
    expiresAt: null,
  };
  const open = () => {
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    const check = new TokenCheck((token) => (token === 'right' ? record : undefined), clock);
    return { check, pass: (ms: number) => (now += ms) };
  };
  const outcome = (check: TokenCheck, token: string, ip?: string): string => {
    try {
      check.check(request(token, ip));
      return 'ok';
    } catch (error) {
      return error instanceof TfkError ? error.id : 'another error';
    }
  };

  it('are told to wait after ten of them, while the right one works on', () => {
    const { check } = open();
    for (let i = 0; i < 10; i++) expect(outcome(check, 'wrong')).toBe('unauthorized');
    expect(outcome(check, 'wrong')).toBe('rate_limit');
    expect(outcome(check, 'right')).toBe('ok');
    expect(outcome(check, 'wrong', '127.0.0.2')).toBe('unauthorized');
  });

  it('are forgotten after a minute', () => {
    const { check, pass } = open();
    for (let i = 0; i < 11; i++) outcome(check, 'wrong');
    pass(60_000);
    expect(outcome(check, 'wrong')).toBe('unauthorized');
  });
});

describe('the guard against web pages', () => {
  const judge = (headers: Record<string, string>, raw: string[] = [], url = '/apps'): string => {
    try {
      guardAgainstBrowsers({ headers, rawHeaders: raw, url }, new Set(['tfk.example']));
      return 'ok';
    } catch (error) {
      return error instanceof TfkError ? error.id : 'another error';
    }
  };

  it.each([
    'localhost',
    'localhost:4270',
    'LOCALHOST:1',
    '127.0.0.1',
    '127.0.0.1:4270',
    '[::1]',
    '[::1]:4270',
    'tfk.example',
    'tfk.example:443',
  ])('lets the host %s in', (host) => {
    expect(judge({ host })).toBe('ok');
  });

  it.each([
    '',
    'evil.example',
    'localhost.evil.example',
    'evil.example:4270',
    '127.0.0.1.evil.example',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0.0.0.0',
    '127.0.0.2',
    '[::ffff:127.0.0.1]',
    '::1',
    'localhost:4270:1',
    'localhost:abc',
    'localhost@evil.example',
    'user@localhost',
    'localhost evil.example',
    'localhost,evil.example',
    'localhost/',
    '[::1',
    'xn--lcalhost-p4a',
    'localhost:999999',
    'foo.localhost',
    'tfk.example.evil',
    'web.tfk.example',
    '*',
    '..',
    ':4270',
    'localhost\t',
    '127.0.0.1#',
    '127.0.0.1?x',
    '%6cocalhost',
  ])('turns the host %j away', (host) => {
    expect(judge({ host })).toBe('misdirected_request');
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('refuses %j', (headers) => {
    expect(judge({ host: 'localhost', ...headers })).toBe('forbidden');
  });

  it.each(['http://localhost/apps', '*', 'evil.example:443', ''])('refuses the target %j', (url) => {
    expect(judge({ host: 'localhost' }, [], url)).toBe('bad_request');
  });

  it.each([
    ['Host', 'localhost', 'host', 'evil.example'],
    ['Authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer b'],
  ])('refuses two %s headers', (...raw) => {
    expect(judge({ host: 'localhost' }, raw)).toBe('bad_request');
  });
});
