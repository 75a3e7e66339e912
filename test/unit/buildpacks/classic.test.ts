import { describe, expect, it } from 'vitest';
import { planOfList, type FetchedBuildpack } from '../../../buildpacks/classic/plan.js';
import { isLocal, readReference } from '../../../buildpacks/classic/reference.js';
import { readRelease } from '../../../buildpacks/classic/release.js';
import { anyVersionOf, isClosed, planOn, type BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

describe('a reference', () => {
  it.each([
    ['https://example.com/x.git', { kind: 'git', url: 'https://example.com/x.git', ref: null }],
    ['https://github.com/a/b#v1.2', { kind: 'git', url: 'https://github.com/a/b', ref: 'v1.2' }],
    ['https://example.com/x.git#fix/this-one', { kind: 'git', ref: 'fix/this-one' }],
    ['https://example.com/x.tgz', { kind: 'tarball', url: 'https://example.com/x.tgz' }],
    ['https://example.com/a/v1.tar.gz?x=1', { kind: 'tarball' }],
    ['/srv/buildpack', { kind: 'folder', path: '/srv/buildpack' }],
    ['file:///srv/buildpack.git', { kind: 'git', url: 'file:///srv/buildpack.git' }],
  ])('%s is read', (text, reference) => {
    expect(readReference(text)).toMatchObject({ ok: true, reference: { text, ...reference } });
  });

  it.each([
    ['', 'neither a name'],
    ['heroku/cobol', 'neither a name'],
    ['http://example.com/x.git', 'neither a name'],
    ['git@github.com:a/b.git', 'neither a name'],
    ['ext::sh -c id', 'blanks'],
    ['https://me:secret@example.com/x.git', 'user or password'],
    ['https://example.com/x.tgz#v1', 'no #ref'],
    ['https://example.com/x.git#--upload-pack=id', '#ref that is none'],
    ['https://example.com/x.git#a:b', '#ref that is none'],
    ['https://example.com/x.git#a..b', '#ref that is none'],
    ['https://example.com/x.git#a#b', '#ref that is none'],
    ['https://example.com/x.git\n', 'control'],
    [`/${'x'.repeat(500)}`, 'more than 500'],
  ])('%j is refused', (text, why) => {
    const read = readReference(text);
    expect(read).toMatchObject({ ok: false, why: expect.stringContaining(why) as string });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  it('of files is told from one of elsewhere', () => {
    const local = ['/srv/x', 'file:///srv/x', 'https://example.com/x.tgz', 'https://example.com/x'].map(
      (text) => {
        const read = readReference(text);
        return read.ok && isLocal(read.reference);
      },
    );
    expect(local).toEqual([true, true, false, false]);
  });
});

describe('what bin/release prints', () => {
  const NOTHING = { processTypes: {}, env: {}, addons: [] };

  it.each([
    ['', NOTHING],
    ['--- {}\n', NOTHING],
    ['---\naddons:\ndefault_process_types:\n', NOTHING],
    [
      'default_process_types:\n  web: bin/web -p $PORT\n',
      { ...NOTHING, processTypes: { web: 'bin/web -p $PORT' } },
    ],
    [
      'config_vars:\n  LANG: en_US.UTF-8\n  WEB_CONCURRENCY: 2\n  PATH: bin:/usr/bin\naddons:\n  - heroku-postgresql:mini\n',
      {
        processTypes: {},
        env: { LANG: 'en_US.UTF-8', WEB_CONCURRENCY: '2' },
        addons: ['heroku-postgresql:mini'],
      },
    ],
  ])('%j is read', (yaml, release) => {
    expect(readRelease(yaml)).toMatchObject({ ok: true, release });
  });

  it('names what dynos have of their own', () => {
    expect(readRelease('config_vars: {PATH: a, HEROKU_X: b, A: c}')).toMatchObject({
      ignored: ['PATH', 'HEROKU_X'],
    });
  });

  it.each([
    ['- a\n', 'should be an object'],
    ['default_process_types: [web]', 'default_process_types: should be an object'],
    ['default_process_types: {"a b": x}', 'is not the name of a process type'],
    ['default_process_types: {web: 1}', 'should be a string'],
    ['config_vars: {"A-B": x}', 'is not the name of a config var'],
    ['a: [', ''],
  ])('%j is refused', (yaml, problem) => {
    expect(readRelease(yaml)).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem) as string,
    });
  });
});

describe('a list with a classic buildpack', () => {
  const classic = { reference: 'https://example.com/x.git', digest: 'abc' };
  const NODE: BuildPlan = {
    ...planOn({ language: 'node', range: '20.x', asked: 'package.json asks for Node.js 20' }),
    planner: 'node',
    label: 'Node.js',
    notes: ['Using npm'],
    steps: [
      {
        name: 'install',
        title: 'Installing',
        inputs: ['package.json'],
        commands: [['npm', 'ci']],
        env: {},
        caches: { npm: 'npm_config_cache' },
        layers: ['node_modules'],
      },
    ],
    defaultProcessTypes: { web: 'npm start' },
    launchPath: ['node_modules/.bin'],
  };

  it('runs all in order, each on what those before it made', () => {
    const plan = planOfList([classic, NODE, { ...classic, digest: 'def' }]);
    expect(plan.steps.map(({ name, buildpack }) => [name, buildpack?.digest, buildpack?.releases])).toEqual([
      ['buildpack-1', 'abc', false],
      ['node-install', undefined, undefined],
      ['buildpack-3', 'def', true],
    ]);
    expect(plan.steps.some(isClosed)).toBe(false);
    expect(plan).toMatchObject({
      planner: 'buildpacks',
      runtime: { language: 'heroku-build' },
      launchRuntime: { language: 'heroku' },
      tools: [{ language: 'node', range: '20.x' }],
      notes: ['Using npm'],
      buildConfig: ['*'],
      launchPath: ['node_modules/.bin'],
      defaultProcessTypes: {},
    });
  });

  it('has the default process types of the last', () => {
    expect(planOfList([classic, NODE])).toMatchObject({ defaultProcessTypes: { web: 'npm start' } });
    expect(planOfList([classic]).steps[0]).toMatchObject({ env: { STACK: 'heroku-24' } });
  });

  it('gives each buildpack a cache of its own, which it keeps in another version', () => {
    const cacheOf = (digest: string, reference: string) =>
      planOfList([{ reference, digest }]).steps[0]?.caches;
    expect(cacheOf('1', 'https://a/x')).toEqual(cacheOf('2', 'https://a/x'));
    expect(cacheOf('1', 'https://a/x')).not.toEqual(cacheOf('1', 'https://a/y'));
  });

  it('asks no language of the image for what needs none', () => {
    const procfile = { ...NODE, ...planOn(anyVersionOf('none')), notes: ['No build steps'] };
    expect(planOfList([classic, procfile])).toMatchObject({ tools: [], notes: [] });
  });
});

it('a planner that finds nothing behind a classic buildpack says that it reads the source as it was pushed', () => {
  const buildpack = { reference: '/srv/monorepo', digest: 'd' } as FetchedBuildpack;
  const hintOf = (list: readonly (string | FetchedBuildpack)[]): string | undefined => {
    const context = { config: {}, images: false, list };
    const source = aTree({ 'web/package.json': {} });
    try {
      choosePlanner(source, context).plan(source, context);
    } catch (error) {
      if (error instanceof PlanError) return error.hint;
      throw error;
    }
    return 'accepted';
  };
  expect(hintOf([buildpack, 'node'])).toMatch(/as it was pushed.*tfk push web/);
  expect(hintOf(['node', buildpack])).toMatch(/buildpacks:clear/);
});
