import { describe, expect, test } from 'vitest';
import { answerTo, settled } from '../../../buildpacks/static-server/program/answer.mjs';
import { cacheControl } from '../../../buildpacks/static-server/program/caching.mjs';
import { encodingsOf, pieceOf } from '../../../buildpacks/static-server/program/conditions.mjs';
import { contentType } from '../../../buildpacks/static-server/program/content-types.mjs';
import { SiteFile } from '../../../buildpacks/static-server/program/site.mjs';
import { plainSite, type SiteSettings } from '../../../buildpacks/static-server/serve.js';

interface Asked {
  readonly settings?: Partial<SiteSettings>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** What a site of these files answers: status and file, or where to. */
function ask(
  files: readonly string[],
  url: string,
  { settings = {}, headers = {}, method = 'GET' }: Asked = {},
) {
  const list = new Map(files.map((name) => [name, new SiteFile(name)]));
  const site = settled({ ...plainSite('.'), ...settings }, list, { SITE: 'www.example.com' });
  const answer = answerTo({ method, url, headers }, site);
  if (answer.kind === 'file') return `${answer.status} ${answer.name}`;
  return answer.kind === 'redirect' ? `${answer.status} to ${answer.to}` : String(answer.status);
}

const SITE = ['/index.html', '/about.html', '/docs/index.html', '/a b.txt', '/app.js'];

test.each([
  ['/', '200 /index.html'],
  ['/?q=1', '200 /index.html'],
  ['/about.html', '200 /about.html'],
  ['/about', '404'],
  ['/docs', '301 to /docs/'],
  ['/docs?a=1', '301 to /docs/?a=1'],
  ['/docs/', '200 /docs/index.html'],
  ['/a%20b.txt', '200 /a b.txt'],
  ['//docs', '404'],
  ['//docs/', '404'],
  ['/docs/../about.html', '404'],
  ['/..%2f..%2fetc/passwd', '404'],
  ['/%252e%252e/etc/passwd', '404'],
  ['/..\\..\\etc', '404'],
  ['/about.html%00.txt', '400'],
  ['/%ff', '400'],
  ['/%', '400'],
  ['http://evil.example/about.html', '400'],
  ['*', '400'],
])('%s is answered by %s', (url, answer) => {
  expect(ask(SITE, url)).toBe(answer);
});

test('a pattern of many wildcards is compared in no time, and still finds what it means', () => {
  const paths = ['/**a', '/*a', '/**/*a'].map((part) => `${part.repeat(40)}b`);
  const settings = {
    redirects: paths.map((path) => ({ path, to: '/found', status: 302 })),
  };
  expect(ask(['/index.html'], `/${'a'.repeat(4000)}`, { settings })).toBe('404');
  expect(ask(['/index.html'], `/${'a'.repeat(4000)}/${'a/'.repeat(4000)}`, { settings })).toBe('404');
  expect(ask(['/index.html'], `/${'xa/'.repeat(100)}ab`, { settings })).toBe('302 to /found');
});

test('only GET and HEAD are answered', () => {
  expect(ask(SITE, '/', { method: 'HEAD' })).toBe('200 /index.html');
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
    expect(ask(SITE, '/', { method })).toBe('405');
});

test.each([
  ['/about', '200 /about.html'],
  ['/about.html', '301 to /about'],
  ['/about.html?a', '301 to /about?a'],
  ['/index.html', '301 to /'],
  ['/docs/index.html', '301 to /docs/'],
  ['/docs', '301 to /docs/'],
])('with clean URLs %s is answered by %s', (url, answer) => {
  expect(ask(SITE, url, { settings: { cleanUrls: true } })).toBe(answer);
});

describe('a single-page app', () => {
  const settings = { fallback: 'index.html' };
  const files = ['/index.html', '/assets/app.js'];

  test.each([
    ['/users/42', '*/*', '200 /index.html'],
    ['/users/j.doe', 'text/html,*/*', '200 /index.html'],
    ['/assets/old.js', '*/*', '404'],
    ['/assets/app.js', '*/*', '200 /assets/app.js'],
  ])('answers %s to a client that accepts %s by %s', (url, accept, answer) => {
    expect(ask(files, url, { settings, headers: { accept } })).toBe(answer);
  });

  test('is none with pages of its own for what is missing, or with several pages', () => {
    expect(ask([...files, '/404.html'], '/users/42', { settings })).toBe('404 /404.html');
    expect(ask([...files, '/about.html'], '/users/42', { settings })).toBe('404');
  });
});

test('routes are tried in order, after files', () => {
  const routes = [
    { path: '/assets/*', to: '/assets/' },
    { path: '/**', to: 'index.html' },
  ];
  const files = ['/index.html', '/assets/app.js'];
  expect(ask(files, '/any/where.x', { settings: { routes } })).toBe('200 /index.html');
  expect(ask(files, '/assets/app.js', { settings: { routes } })).toBe('200 /assets/app.js');
  expect(ask(files, '/assets/old.js', { settings: { routes } })).toBe('404');
});

test('redirects come before files, and take the query along', () => {
  const redirects = [
    { path: '/about.html', to: '/docs/', status: 302 },
    { path: '/old/**', to: 'https://${SITE}/', status: 301 },
  ];
  expect(ask(SITE, '/about.html?a=1', { settings: { redirects } })).toBe('302 to /docs/?a=1');
  expect(ask(SITE, '/old/and/gone', { settings: { redirects } })).toBe('301 to https://www.example.com/');
  expect(ask(SITE, '/older', { settings: { redirects } })).toBe('404');
});

test('signs of patterns in a path are themselves', () => {
  const redirects = [{ path: '/a.b(c', to: '/', status: 301 }];
  expect(ask(SITE, '/a.b(c', { settings: { redirects } })).toBe('301 to /');
  expect(ask(SITE, '/aXb(c', { settings: { redirects } })).toBe('404');
});

describe('host and scheme', () => {
  const settings = { httpsOnly: true, canonicalHost: '${SITE}' };
  test.each([
    ['http', 'example.com', '301 to https://www.example.com/docs/?a'],
    ['https', 'example.com', '301 to https://www.example.com/docs/?a'],
    ['http', 'www.example.com:8080', '301 to https://www.example.com/docs/?a'],
    ['https', 'WWW.example.com', '200 /docs/index.html'],
  ])('%s://%s is answered by %s', (scheme, host, answer) => {
    const headers = { 'x-forwarded-proto': scheme, host };
    expect(ask(SITE, '/docs/?a', { settings, headers })).toBe(answer);
  });

  test('are no matter to a health check, which comes past the router', () => {
    expect(ask(SITE, '/', { settings, headers: { host: '127.0.0.1:3000' } })).toBe('200 /index.html');
  });
});

test.each([
  ['/index.html', false],
  ['/app.js', false],
  ['/app-settings.js', false],
  ['/report-20240101.pdf', false],
  ['/IMG20240101.jpg', false],
  ['/jquery-minified.min.js', false],
  ['/assets/logo-original.png', false],
  ['/main.8c8ee1f9.js', true],
  ['/static/css/main.8c8ee1f9.chunk.css', true],
  ['/8c8ee1f9aa.png', true],
  ['/main-7XKQ3FZL.js', true],
  ['/x/Card.Cp0mYbUK.css', true],
  ['/assets/index-DiwrgTda.js', true],
  ['/assets/index-B_f-3kQx.css', true],
  ['/assets/index-DiwrgTda.js.map', true],
  ['/index-DiwrgTda.js', false],
])('%s may be kept for ever: %s', (name, forever) => {
  expect(cacheControl(name, ['assets'])).toBe(forever ? 'public, max-age=31536000, immutable' : 'no-cache');
});

test.each([
  ['', []],
  ['gzip, deflate, br', ['br', 'gzip']],
  ['GZIP', ['gzip']],
  ['br;q=0, gzip;q=0.5', ['gzip']],
  ['*', ['br', 'gzip']],
  ['*, br;q=0', ['gzip']],
  ['identity', []],
  ['gzip;q=x', []],
])('Accept-Encoding: %s takes %j', (header, encodings) => {
  expect(encodingsOf(header)).toEqual(encodings);
});

const facts = { size: 100, etag: '"abc"', modified: new Date('2026-01-02T03:04:05Z') };
const MODIFIED = 'Fri, 02 Jan 2026 03:04:05 GMT';
test.each<[Record<string, string>, number, string | null]>([
  [{}, 200, '0-99'],
  [{ 'if-none-match': '"abc"' }, 304, null],
  [{ 'if-none-match': '"x", W/"abc"' }, 304, null],
  [{ 'if-none-match': '*' }, 304, null],
  [{ 'if-none-match': '"x"', 'if-modified-since': MODIFIED }, 200, '0-99'],
  [{ 'if-modified-since': MODIFIED }, 304, null],
  [{ 'if-modified-since': 'yesterday' }, 200, '0-99'],
  [{ range: 'bytes=0-9' }, 206, '0-9'],
  [{ range: 'bytes=90-' }, 206, '90-99'],
  [{ range: 'bytes=-10' }, 206, '90-99'],
  [{ range: 'bytes=-1000' }, 206, '0-99'],
  [{ range: 'bytes=90-1000' }, 206, '90-99'],
  [{ range: 'bytes=100-' }, 416, null],
  [{ range: 'bytes=-0' }, 416, null],
  [{ range: 'bytes=9-0' }, 200, '0-99'],
  [{ range: 'bytes=-' }, 200, '0-99'],
  [{ range: 'bytes=0-1,5-6' }, 200, '0-99'],
  [{ range: 'lines=0-1' }, 200, '0-99'],
  [{ range: 'bytes=0-9', 'if-range': '"abc"' }, 206, '0-9'],
  [{ range: 'bytes=0-9', 'if-range': 'W/"abc"' }, 200, '0-99'],
  [{ range: 'bytes=0-9', 'if-range': MODIFIED }, 206, '0-9'],
  [{ range: 'bytes=0-9', 'if-range': 'Fri, 02 Jan 2020 03:04:05 GMT' }, 200, '0-99'],
])('%j gets %i and %s', (headers, status, range) => {
  const piece = pieceOf(headers, facts, 200);
  expect(piece.status).toBe(status);
  expect(piece.piece === null ? null : `${piece.piece.start}-${piece.piece.end}`).toBe(range);
});

test('the page for what is missing is sent whole, and never as unchanged', () => {
  expect(pieceOf({ 'if-none-match': '*', range: 'bytes=0-1' }, facts, 404).status).toBe(404);
});

test.each([
  ['/a.html', 'text/html; charset=utf-8'],
  ['/A.JS', 'text/javascript; charset=utf-8'],
  ['/a.tar.gz', 'application/gzip'],
  ['/a.constructor', 'application/octet-stream'],
  ['/LICENSE', 'application/octet-stream'],
])('%s is %s', (name, type) => {
  expect(contentType(name)).toBe(type);
});
