import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { anyVersionOf } from '../../../../buildpacks/plan.js';
import { StepFailed } from '../../../../daemon/engines/build/step-failed.js';
import { chooseBase, refusedVersion } from '../../../../daemon/engines/docker/build/base-choice.js';
import { inOurWords } from '../../../../daemon/engines/docker/build/failure.js';
import { PullProgress } from '../../../../daemon/engines/docker/build/pull.js';
import { archiveOf, folders, tree } from '../../../../daemon/engines/docker/build/steps/archives.js';
import { handOver } from '../../../../daemon/engines/docker/build/steps/build-env.js';
import { asChanges, changesBelow } from '../../../../daemon/engines/docker/build/steps/changes.js';
import {
  imageContainer,
  stepContainer,
} from '../../../../daemon/engines/docker/build/steps/container-options.js';
import { slugKey, stepKey } from '../../../../daemon/engines/docker/build/steps/keys.js';
import { RunningBuilds } from '../../../../daemon/engines/docker/build/using.js';
import { scanTree } from '../../../../daemon/shared/tree.js';
import { aPlan, tempFolder } from '../../../integration/build/support.js';

describe('the base image of a runtime', () => {
  const refsOf = (range: string | null, configured?: string) => {
    const choice = chooseBase({ language: 'node', range, asked: 'package.json asks' }, configured);
    return choice.ok ? choice.refs : choice.message;
  };

  test.each([
    [null, ['node:24-slim', 'node:22-slim', 'node:20-slim']],
    ['>=20', ['node:24-slim', 'node:22-slim', 'node:20-slim']],
    ['>=20 <23', ['node:22-slim', 'node:20-slim']],
    ['20.x', ['node:20-slim']],
    ['18.x', ['node:18-slim']],
    ['^21.2.0', ['node:21-slim']],
    ['~20.11.0', ['node:20.11-slim']],
    ['20.11.1', ['node:20.11.1-slim']],
    ['>=99', ['node:99-slim']],
  ])('for %j is one of the newest that it allows', (range, refs) => {
    expect(refsOf(range)).toEqual(refs);
  });

  test('is the configured one, whatever the range', () => {
    expect(refsOf('20.x', 'mirror/node:22')).toEqual(['mirror/node:22']);
  });

  test('for a plain Procfile has Node.js, as the embedded engine finds it', () => {
    const choice = chooseBase(anyVersionOf('none'), undefined);
    expect(choice).toMatchObject({
      refs: ['node:24-slim', 'node:22-slim', 'node:20-slim'],
      setting: 'TFK_BASE_IMAGE_PROCFILE',
    });
  });

  test('is none for a range that nothing satisfies: then it says which there are', () => {
    expect(refsOf('>22 <20')).toBe(
      'package.json asks, and no image is known for that: the usual ones are node:24-slim, node:22-slim, node:20-slim. Change the version, or name an image with TFK_BASE_IMAGE_NODE.',
    );
  });

  test.each([
    ['python', null, 'python:3.13-slim-bookworm'],
    ['python', '3.11.x', 'python:3.11-slim-bookworm'],
    ['python', '3.12.4', 'python:3.12.4-slim-bookworm'],
    ['go', '>=1.22', 'golang:1.26-bookworm'],
    ['java', '17.x', 'maven:3-eclipse-temurin-17'],
    ['jre', '17.x', 'eclipse-temurin:17-jre'],
    ['rust', '1.75.x', 'rust:1.75-bookworm'],
    ['system', null, 'buildpack-deps:bookworm-curl'],
  ] as const)('of %s %j is first %s', (language, range, ref) => {
    const choice = chooseBase({ language, range, asked: null }, undefined);
    expect(choice.ok && choice.refs[0]).toBe(ref);
  });

  test('is refused by its own version, where it tells one', () => {
    const runtime = { language: 'node', range: '>=20.9', asked: 'package.json asks' } as const;
    expect(refusedVersion(runtime, ['NODE_VERSION=20.8.1'])).toBe('v20.8.1');
    expect(refusedVersion(runtime, ['NODE_VERSION=20.9.0'])).toBeNull();
    expect(refusedVersion(runtime, ['PATH=/bin'])).toBeNull();
    expect(refusedVersion(anyVersionOf('none'), ['NODE_VERSION=20.8.1'])).toBeNull();
    const java = { language: 'java', range: '21.x', asked: 'system.properties asks' } as const;
    expect(refusedVersion(java, ['JAVA_VERSION=jdk-17.0.15+6'])).toBe('17.0.15');
    expect(refusedVersion(java, ['JAVA_VERSION=jdk-21.0.7+6'])).toBeNull();
  });
});

describe('keys', () => {
  const [step] = aPlan([['npm', 'ci']]).steps;
  const key = (change: object, parts: object = {}) =>
    stepKey({ ...aPlan([]).steps[0], ...step, ...change } as Parameters<typeof stepKey>[0], {
      salt: 's',
      baseId: 'sha256:b',
      inputs: 'i',
      config: '',
      previous: null,
      ...parts,
    });

  test('of a step change with all that its layers depend on, and not with its title', () => {
    expect(key({ title: 'Other', name: 'other' })).toBe(key({}));
    const others = [
      key({ commands: [['npm', 'install']] }),
      key({ env: { A: '1' } }),
      key({ layers: ['x'] }),
      key({ caches: { npm: 'C' } }),
      key({}, { baseId: 'sha256:c' }),
      key({}, { inputs: 'j' }),
      key({}, { config: 't' }),
      key({}, { config: 'u' }),
      key({}, { previous: 'p' }),
      key({}, { salt: 'other app' }),
    ];
    expect(new Set([key({}), ...others]).size).toBe(others.length + 1);
  });

  test('of a slug do not change with notes and warnings', () => {
    const plan = aPlan([['make']]);
    const parts = { salt: 's', runtime: 'b', source: 'd', config: '' };
    const key = slugKey(plan, parts);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(slugKey({ ...plan, notes: ['n'], warnings: ['w'] }, parts)).toBe(key);
    expect(slugKey({ ...plan, launchPath: ['bin'] }, parts)).not.toBe(key);
    expect(slugKey(plan, { ...parts, salt: 'other app' })).not.toBe(key);
    expect(slugKey(plan, { ...parts, config: 'other' })).not.toBe(key);
  });
});

describe('what changed in a workspace', () => {
  test('is refused where it is too much, or no list at all', () => {
    expect(asChanges(null)).toEqual([]);
    expect(asChanges([{ Path: '/app/x', Kind: 1 }])).toHaveLength(1);
    expect(() => asChanges({ message: 'no' })).toThrow('the engine’s list of changes is none');
    expect(() => asChanges(new Array(1_000_001))).toThrow(StepFailed);
  });

  const at = (Path: string, Kind: number) => ({ Path, Kind });
  const nothing = { layers: [], without: [] };

  test('is read by the highest added folders and the changed files', () => {
    const changes = changesBelow(
      '/app',
      [
        at('/tmp/x', 1),
        at('/app', 0),
        at('/app/dist', 1),
        at('/app/dist/a', 1),
        at('/app/node_modules', 0),
        at('/app/node_modules/.prisma', 1),
        at('/app/node_modules/.prisma/c', 1),
        at('/app/node_modules/ms', 0),
        at('/app/node_modules/ms/index.js', 0),
        at('/app/node_modules/gone', 2),
      ],
      { layers: ['node_modules'], without: [] },
    );
    expect(changes.read).toEqual(['dist', 'node_modules/.prisma', 'node_modules/ms/index.js']);
    expect(changes.removed).toEqual(['node_modules/gone']);
    expect(changes.includes('dist/a/b')).toBe(true);
    expect(changes.includes('node_modules/ms/other.js')).toBe(false);
  });

  test('does not mean a layer whose own times changed', () => {
    const changes = changesBelow('/app', [at('/app/node_modules', 0)], {
      layers: ['node_modules'],
      without: [],
    });
    expect(changes).toMatchObject({ read: [], removed: [] });
  });

  test('means a folder that was removed and made anew as a whole', () => {
    const changes = changesBelow('/app', [at('/app/deps/a', 2), at('/app/deps/a/new', 1)], {
      layers: ['deps'],
      without: [],
    });
    expect(changes.read).toEqual(['deps/a']);
    expect(changes.removed).toEqual(['deps/a']);
  });

  test('does not mean what is left out', () => {
    const changes = changesBelow('/app', [at('/app/deps/a', 1), at('/app/out', 1), at('/app/deps2', 1)], {
      ...nothing,
      without: ['deps'],
    });
    expect(changes.read).toEqual(['out', 'deps2']);
  });

  test('is read as a whole where a layer has very many changes, and sorted out', () => {
    const many = Array.from({ length: 100 }, (_, index) => at(`/app/deps/f${index}`, 0));
    const changes = changesBelow('/app', many, { layers: ['deps'], without: [] });
    expect(changes.read).toEqual(['deps']);
    expect([changes.includes('deps/f7'), changes.includes('deps/other')]).toEqual([true, false]);
  });
});

describe('the build environment in a container', () => {
  test('names copies of the files it named on the host', async () => {
    const folder = tempFolder();
    const bundle = join(folder, 'ca.pem');
    writeFileSync(bundle, 'CA');
    mkdirSync(join(folder, 'certs'));
    symlinkSync(bundle, join(folder, 'certs', 'abc.0'));
    const { env, files, warnings } = await handOver({
      NODE_EXTRA_CA_CERTS: bundle,
      SSL_CERT_FILE: bundle,
      SSL_CERT_DIR: join(folder, 'certs'),
      HTTPS_PROXY: 'http://proxy.example:3128',
    });
    expect(env).toEqual({
      NODE_EXTRA_CA_CERTS: '/tfk-build/host/0',
      SSL_CERT_FILE: '/tfk-build/host/0',
      SSL_CERT_DIR: '/tfk-build/host/1',
      HTTPS_PROXY: 'http://proxy.example:3128',
    });
    expect(Object.fromEntries(files)).toEqual({
      'tfk-build/host/0': Buffer.from('CA'),
      'tfk-build/host/1/abc.0': Buffer.from('CA'),
    });
    expect(warnings).toEqual([]);
  });

  test('says what it cannot hand over, and what a container cannot reach', async () => {
    const { env, warnings } = await handOver({
      SSL_CERT_FILE: '/no/such.pem',
      http_proxy: 'http://u:p@127.0.0.1:3128',
    });
    expect(env).toEqual({ http_proxy: 'http://u:p@127.0.0.1:3128' });
    expect(warnings[0]).toBe('SSL_CERT_FILE is not passed on to the build: /no/such.pem does not exist.');
    expect(warnings[1]).toMatch(/^http_proxy is an address of this machine's loopback/);
    expect(warnings.join()).not.toContain('u:p');
  });
});

describe('containers of a build', () => {
  const common = { image: 'sha256:b', labels: { 'tfk.kind': 'build' } };

  test('are limited and confined', () => {
    const resources = { memoryBytes: 1e9, pids: 99 };
    const options = stepContainer({ ...common, resources, network: 'n', caches: { npm: 'volume' } });
    expect(options).toMatchObject({ User: '1000:1000', WorkingDir: '/app', Entrypoint: [] });
    expect(options.HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 1e9,
      MemorySwap: 1e9,
      PidsLimit: 99,
      NetworkMode: 'n',
    });
    expect(options.HostConfig?.Mounts).toMatchObject([
      { Target: '/tmp', Source: '' },
      { Target: '/tfk-build/cache/npm', Source: 'volume' },
    ]);
    expect(options.Env).toBeUndefined();
  });

  test('that become images have the same limits, no network and no mounts', () => {
    const resources = { memoryBytes: 1e9, pids: 99 };
    const options = imageContainer({ ...common, resources, env: ['HOME=/app'] });
    expect(options.HostConfig).toMatchObject({
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      Memory: 1e9,
      MemorySwap: 1e9,
      PidsLimit: 99,
    });
    expect(options.HostConfig?.Mounts).toBeUndefined();
  });
});

test('the progress of a pull counts layers and bytes', () => {
  const progress = new PullProgress();
  progress.take({ status: 'Pulling from library/node', id: '24-slim' });
  progress.take({ status: 'Already exists', id: 'a' });
  progress.take({ status: 'Downloading', id: 'b', progressDetail: { current: 5 * 1048576 } });
  progress.take({ status: 'Extracting', id: 'b', progressDetail: { current: 1 } });
  expect(progress.text()).toBe('1 of 2 layers, 5 MB');
  expect(() => progress.take({ error: 'unauthorized' })).toThrow('unauthorized');
});

test('an archive of a file that is gone fails whoever reads it', async () => {
  const gone = { type: 'file', path: 'gone', executable: false, size: 1, digest: '' } as const;
  const archive = archiveOf([folders(['app'], 0), tree(tempFolder(), [gone], { to: 'app', now: 0 })]);
  await expect(buffer(archive)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an archive has the parents of its files, all of them the app user’s', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a/run'), 'x', { mode: 0o755 });
  symlinkSync('a/run', join(folder, 'link'));
  const entries = await scanTree(folder);
  const archive = archiveOf([tree(folder, entries, { to: 'app', now: 1_600_000_000_000 })]);
  const seen: string[] = [];
  const reader = extract();
  archive.pipe(reader as unknown as Writable);
  for await (const entry of reader) {
    const { name, mode, uid, gid, type, linkname } = entry.header;
    seen.push([name, mode.toString(8), uid, gid, type, type === 'symlink' ? linkname : ''].join(' ').trim());
    entry.resume();
  }
  expect(seen).toEqual([
    'app/ 755 1000 1000 directory',
    'app/a/ 755 1000 1000 directory',
    'app/a/run 755 1000 1000 file',
    'app/link 777 1000 1000 symlink a/run',
  ]);
});

describe('what running builds rely on', () => {
  test('is left alone by a collection that ran when they ended, or when it was said to be there', async () => {
    const builds = new RunningBuilds();
    builds.rely('before');
    await builds.during(() => {
      const using = builds.start('1');
      using.add('built');
      expect(builds.use('built')).toBe(true);
      using.end();
      builds.rely('found');
      expect(['before', 'built', 'found'].map((key) => builds.use(key))).toEqual([false, true, true]);
      return Promise.resolve();
    });
    expect(['built', 'found'].map((key) => builds.use(key))).toEqual([false, false]);
  });
});

describe('failures of the engine', () => {
  const answer = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode });

  test('for want of space are told as such', () => {
    const full = answer(
      500,
      '(HTTP code 500) server error - Error processing tar file(exit status 1): write /app/x: no space left on device',
    );
    expect(inOurWords(full)).toMatchObject({ id: 'insufficient_storage', cause: full });
  });

  test('to answer are told as such, and others are left as they are', () => {
    expect(inOurWords(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toMatchObject({
      id: 'unavailable',
    });
    const other = answer(500, 'something else');
    expect(inOurWords(other)).toBe(other);
  });
});
