import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { plainSite, type SiteSettings } from '../../../buildpacks/static-server/serve.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;
const plan = (files: Files, planner?: string): BuildPlan => {
  const source = aTree(files);
  const context = { config: {}, images: false, planners: planner === undefined ? [] : [planner] };
  return choosePlanner(source, context).plan(source, context);
};
const settingsOf = (made: BuildPlan): SiteSettings =>
  JSON.parse(made.files['.tfk/static-server/settings.json'] ?? 'null') as SiteSettings;
const refusal = (files: Files): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('a website', () => {
  test.each<[string, Files, string]>([
    ['index.html in the root', { 'index.html': '' }, '.'],
    ['public/', { 'public/index.html': '', 'README.md': '' }, 'public'],
    ['Heroku’s folder before others', { 'dist/index.html': '', 'public_html/index.html': '' }, 'public_html'],
    [
      'the root of static.json',
      { 'static.json': { root: './site/out/' }, 'site/out/a.html': '' },
      'site/out',
    ],
    ['Heroku’s folder by static.json', { 'static.json': {}, 'public_html/a.html': '' }, 'public_html'],
    ['static.json beside a Procfile', { 'static.json': { root: '/' }, Procfile: 'web: bin/boot' }, '.'],
  ])('is known by %s', (_what, files, root) => {
    const made = plan(files);
    expect(made).toMatchObject({ planner: 'static', steps: [], warnings: [] });
    expect(made.defaultProcessTypes).toEqual({ web: 'node .tfk/static-server/main.mjs' });
    expect(settingsOf(made).root).toBe(root);
    expect(made.files['.tfk/static-server/main.mjs']).toContain("from './answer.mjs'");
  });

  test('is no matter where a Procfile says what runs, unless the app is set to it', () => {
    const files = { Procfile: 'web: ./server', 'public/index.html': '' };
    expect(plan(files).planner).toBe('procfile');
    expect(plan(files, 'static').planner).toBe('static');
  });

  test('in the root keeps the app’s own files to itself', () => {
    expect(settingsOf(plan({ 'index.html': '' })).hidden).toContain('Procfile');
    expect(settingsOf(plan({ 'public/index.html': '' })).hidden).toEqual([]);
  });
});

describe('static.json', () => {
  test('is read in Heroku’s fields', () => {
    const staticJson = {
      root: 'web',
      clean_urls: true,
      routes: { '/app/**': 'app.html' },
      redirects: { '/old': { url: '/new', status: 302 }, '/x': { url: 'https://example.com/' } },
      headers: { '/**': { 'X-Frame-Options': 'DENY' } },
      error_page: 'errors/404.html',
      https_only: true,
      canonical_host: '${HOST}',
    };
    expect(settingsOf(plan({ 'static.json': staticJson, 'web/a': '' }))).toEqual({
      ...plainSite('web'),
      cleanUrls: true,
      routes: [{ path: '/app/**', to: 'app.html' }],
      redirects: [
        { path: '/old', to: '/new', status: 302 },
        { path: '/x', to: 'https://example.com/', status: 301 },
      ],
      headers: [{ path: '/**', set: { 'X-Frame-Options': 'DENY' } }],
      errorPage: 'errors/404.html',
      httpsOnly: true,
      canonicalHost: '${HOST}',
    });
  });

  test('warns of what has no effect, and of a root that is not there', () => {
    const fields = { root: 'web', clean_url: true, proxies: { '/api/': {} }, encoding: 'latin1' };
    expect(plan({ 'static.json': fields }).warnings).toEqual([
      'static.json: clean_url: unknown field, did you mean clean_urls?',
      expect.stringContaining('proxies'),
      expect.stringContaining('UTF-8'),
      expect.stringContaining('no folder web'),
    ]);
  });

  test.each<[string, unknown, RegExp]>([
    ['broken JSON', '{', /not valid JSON/],
    ['a list', '[]', /should be an object/],
    ['a way out of the source', { root: '../etc' }, /root: leads out/],
    ['an error page outside', { error_page: '/../x' }, /error_page: leads out/],
    ['a header that splits the answer', { headers: { '/': { A: 'b\r\nC: d' } } }, /holds what no header can/],
    ['a header of the connection', { headers: { '/': { 'Content-Length': '1' } } }, /a site can set/],
    ['a redirect that is none', { redirects: { '/a': { url: '/b', status: 200 } } }, /should be 300 to 308/],
    ['a password, which it would not ask for', { basic_auth: true }, /open to everybody/],
  ])('is refused for %s', (_what, content, message) => {
    expect(refusal({ 'static.json': content })).toMatch(message);
  });
});
