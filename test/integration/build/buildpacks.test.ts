import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { readReference } from '../../../buildpacks/classic/reference.js';
import { fetchBuildpacks } from '../../../daemon/build/buildpacks/chosen.js';
import { BuildpackLibrary } from '../../../daemon/build/buildpacks/library.js';
import { decide } from '../../../daemon/build/decide.js';
import { BUILDPACK_LIMITS } from '../../../daemon/build/limits.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { Unpacker } from '../../../daemon/build/unpack.js';
import type { BuildRequest, BuildResult } from '../../../daemon/engines/engine.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { builtProgram } from '../../support/built.js';
import { theseToolchains } from '../../support/toolchains.js';
import { aRequest, aSource, tempFolder, writeFiles } from './support.js';
import { entry, tar } from './tarball.js';

const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
let unpackProgram = '';
beforeAll(() => {
  unpackProgram = builtProgram('daemon/build/unpack/main.js');
}, 120_000);

/** A buildpack whose programs are these lines of bash; they have no exec bit. */
const aBuildpack = (programs: Readonly<Record<string, string>>): string =>
  aSource(
    Object.fromEntries(
      Object.entries({ 'bin/detect': 'echo Tiny', ...programs }).map(([name, script]) => [
        name,
        `#!/usr/bin/env bash\n${script}\n`,
      ]),
    ),
  );

const TINY = {
  'bin/compile': `
    echo "-----> Compiling $STACK $SOURCE_VERSION"
    echo "       in detail"
    echo " !     with care" >&2
    [ -n "$REQUEST_ID" ] || exit 9
    echo x >>"$2/runs" && echo "run $(wc -l <"$2/runs")" >"$1/runs.txt"
    [ -z "\${SECRET:-}" ] || exit 8
    stat -c %a "$3/SECRET" >"$1/mode.txt"
    wc -c <"$3/SECRET" >"$1/length.txt"
    mkdir -p "$1/.profile.d" && echo 'export FROM_PROFILE=yes' >"$1/.profile.d/tiny.sh"
    mkdir -p "$1/tools" && printf '#!/bin/sh\\necho from the first\\n' >"$1/tools/tiny-tool" && chmod +x "$1/tools/tiny-tool"
    echo "export PATH=$1/tools:\\$PATH" >"$(dirname "$0")/../export"`,
  'bin/release': `echo noise >&2; printf 'default_process_types:\\n  web: ./tiny web\\nconfig_vars:\\n  LANG: C.UTF-8\\n  PATH: bin\\naddons:\\n  - heroku-postgresql\\n'`,
};

class Bench {
  readonly home = tempFolder();
  readonly builder = new ProcessBuilder({
    home: this.home,
    path,
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });

  library(
    request: typeof fetch = () => Promise.reject(new Error('nothing is fetched here')),
    limits = BUILDPACK_LIMITS,
  ) {
    return new BuildpackLibrary({
      folder: join(this.home, 'cache/buildpacks'),
      unpacker: new Unpacker(unpackProgram, limits),
      limits,
      path,
      env: {},
      clock: systemClock,
      fetch: request,
    });
  }

  /** Plans and builds as the pipeline does. */
  async build(source: string, references: readonly string[], rest: Partial<BuildRequest> = {}) {
    const signal = new AbortController().signal;
    const how = { folder: join(tempFolder(), 'buildpacks'), signal };
    const { context, folders, warnings } = await fetchBuildpacks(references, this.library(), how);
    const config = { SECRET: 'hunter2', ...rest.config };
    const { plan, buildConfig } = decide(sourceTree(source), { config, images: false, ...context });
    const request = aRequest(source, {
      plan,
      buildpacks: folders,
      sourceVersion: 'abc',
      ...rest,
      config: buildConfig,
    });
    const result = await this.builder.build(request);
    return { result, output: request.output, plan, warnings };
  }

  async slug(result: BuildResult): Promise<string> {
    if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
    const target = join(tempFolder(), 'dyno');
    await this.builder.materialise(result.artifact, target);
    return target;
  }
}

describe('classic buildpacks', () => {
  test('detect, compile and say process types, with config vars as files, a cache, and what others export', async () => {
    const bench = new Bench();
    const first = aBuildpack(TINY);
    const second = aBuildpack({
      'bin/compile': 'tiny-tool >"$1/tool.txt"; ls -A "$2" >"$1/cache.txt"',
      'bin/release': `printf 'default_process_types: {worker: ./tiny worker}'`,
    });
    const { result, output, plan } = await bench.build(aSource({ 'app.txt': '1' }), [second, first]);
    expect(result).toMatchObject({
      ok: true,
      release: {
        processTypes: { web: './tiny web' },
        env: { LANG: 'C.UTF-8' },
        addons: ['heroku-postgresql'],
      },
    });
    expect(plan.steps.map(({ buildpack }) => buildpack?.reference)).toEqual([second, first]);
    expect(JSON.stringify(plan)).not.toContain('hunter2');
    const again = await bench.build(aSource({ 'app.txt': '1' }), [first, second]);
    const slug = await bench.slug(again.result);
    expect(again.result).toMatchObject({ release: { processTypes: { worker: './tiny worker' } } });
    expect(readFileSync(join(slug, 'tool.txt'), 'utf8')).toBe('from the first\n');
    expect(readFileSync(join(slug, 'runs.txt'), 'utf8')).toBe('run 2\n');
    expect(readFileSync(join(slug, 'cache.txt'), 'utf8')).toBe('');
    expect(readFileSync(join(slug, 'mode.txt'), 'utf8')).toBe('600\n');
    expect(readFileSync(join(slug, 'length.txt'), 'utf8').trim()).toBe('7');
    expect(existsSync(join(slug, '.profile.d/tiny.sh'))).toBe(true);
    expect(output.lines).toEqual(
      expect.arrayContaining([
        '-----> Tiny app detected',
        '-----> Compiling heroku-24 abc',
        '       in detail',
        ' !     with care',
        '       noise',
      ]),
    );
    expect(readdirSync(join(bench.home, 'cache/staging'))).toEqual([]);
    const grep = (folder: string) => execFileSync('grep', ['-rl', 'hunter2', folder]);
    expect(() => grep(bench.home)).toThrow();
  });

  test('run once for the same source, buildpack and config, and anew where one of them changes', async () => {
    const bench = new Bench();
    const release = `printf 'default_process_types: {web: ./tiny web}'`;
    const buildpack = aBuildpack({ ...TINY, 'bin/release': release });
    const source = aSource({ 'app.txt': '1' });
    const first = await bench.build(source, [buildpack]);
    const same = await bench.build(source, [buildpack], { sourceVersion: 'other' });
    const told = ({ result }: { readonly result: BuildResult }) =>
      result.ok ? [result.artifact, result.release] : result;
    expect(told(same)).toEqual(told(first));
    expect(same.output.text).not.toContain('Compiling');
    const config = await bench.build(source, [buildpack], { config: { COLOUR: 'red' } });
    expect(config.output.text).toContain('Compiling');
    writeFiles(buildpack, { README: 'new' });
    const changed = await bench.build(source, [buildpack]);
    expect(changed.output.text).toContain('Compiling');
    expect(readFileSync(join(await bench.slug(changed.result), 'runs.txt'), 'utf8')).toBe('run 3\n');
  });

  test('that do not detect, compile or release say which it was', async () => {
    const bench = new Bench();
    const cases = [
      { 'bin/detect': 'echo no such file; exit 1', 'bin/compile': '' },
      { 'bin/compile': 'echo broken; exit 3' },
      { 'bin/compile': '', 'bin/release': 'exit 4' },
      { 'bin/compile': '', 'bin/release': 'echo "default_process_types: [a]"' },
    ];
    const words = [
      ['detect', 'App not compatible with buildpack: %\nno such file'],
      ['command', 'The buildpack % failed: bin/compile exited with status 3.'],
      ['command', 'The buildpack % failed: bin/release exited with status 4.'],
      [
        'command',
        'The buildpack % failed: what its bin/release prints is wrong: default_process_types: should be an object.',
      ],
    ];
    for (const [index, programs] of cases.entries()) {
      const buildpack = aBuildpack(programs);
      const { result } = await bench.build(aSource({ a: String(index) }), [buildpack]);
      const [reason, message = ''] = words[index] ?? [];
      expect(result).toMatchObject({ ok: false, reason, message: message.replace('%', buildpack) });
    }
    expect(readdirSync(join(bench.home, 'cache/staging'))).toEqual([]);
  });

  test('end at the time limit with all that they started', async () => {
    const bench = new Bench();
    const buildpack = aBuildpack({ 'bin/compile': 'sleep 600 & sleep 600' });
    const limits = { timeoutMs: 1000, slugBytes: 1e9, outputBytes: 1e8 };
    const { result } = await bench.build(aSource({ a: '' }), [buildpack], { limits });
    expect(result).toMatchObject({ ok: false, reason: 'timeout' });
  });

  test('leave no config var behind where tfkd was killed', async () => {
    const bench = new Bench();
    const left = join(bench.home, 'cache/staging/build-of-yesterday/config');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'SECRET'), 'hunter2');
    await bench.builder.recover();
    expect(readdirSync(join(bench.home, 'cache/staging'))).toEqual([]);
  });

  test('stand beside a planner of ours, whose steps see what they made', async () => {
    const bench = new Bench();
    const source = aSource({
      'package.json': { scripts: { build: 'tiny-tool > built.txt' }, dependencies: {} },
      'server.js': '',
    });
    const { result, plan } = await bench.build(source, [aBuildpack(TINY), 'heroku/nodejs']);
    expect(plan).toMatchObject({ planner: 'buildpacks', tools: [{ language: 'node' }] });
    expect(readFileSync(join(await bench.slug(result), 'built.txt'), 'utf8')).toBe('from the first\n');
  });
});

describe('fetching', () => {
  const referenceOf = (text: string) => {
    const read = readReference(text);
    if (!read.ok) throw new Error(read.why);
    return read.reference;
  };
  const signal = new AbortController().signal;
  const git = (folder: string, ...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
      .toString()
      .trim();
  const aRepository = () => {
    const folder = aBuildpack({ 'bin/compile': 'true', 'bin/detect': 'echo one' });
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '-m', 'one');
    return folder;
  };

  test('a git repository takes its newest commit, a tag as it was, and without it the last copy', async () => {
    const bench = new Bench();
    const repository = aRepository();
    git(repository, 'tag', 'v1');
    const url = `file://${repository}`;
    const copy = (text: string) =>
      bench.library().copy(referenceOf(text), join(tempFolder(), 'copy'), signal);
    const one = await copy(url);
    writeFiles(repository, { 'bin/compile': '#!/bin/sh\necho two\n' });
    git(repository, 'commit', '--quiet', '-a', '-m', 'two');
    const two = await copy(url);
    expect(two.digest).not.toBe(one.digest);
    expect((await copy(`${url}#main`)).digest).toBe(two.digest);
    expect((await copy(`${url}#v1`)).digest).toBe(one.digest);
    expect((await copy(`${url}#${git(repository, 'rev-parse', 'v1')}`)).digest).toBe(one.digest);
    await expect(copy(`${url}#v9`)).rejects.toThrow(/its repository has not a branch or tag v9/);
    execFileSync('mv', [repository, `${repository}.away`]);
    const kept = await copy(url);
    execFileSync('rm', ['-rf', `${repository}.away`]);
    expect(kept.digest).toBe(two.digest);
    expect(kept.warning).toMatch(/could not be fetched, and the copy of \d{4}-/);
    await expect(copy(`file://${repository}-other`)).rejects.toThrow(/There is no earlier copy of it/);
  });

  test('a tarball is asked for anew, and taken without the folder around it', async () => {
    const bench = new Bench();
    const asked: string[] = [];
    const files = ['detect', 'compile'].map((name) =>
      entry({ name: `x-1/bin/${name}`, content: '#!/bin/sh\n' }),
    );
    const packed = gzipSync(tar(...files));
    const library = bench.library(async (_url, init) => {
      const tag = new Headers(init?.headers).get('if-none-match') ?? '';
      asked.push(tag);
      return tag === ''
        ? new Response(new Uint8Array(packed), { headers: { etag: '"1"' } })
        : new Response(null, { status: 304 });
    });
    const reference = referenceOf('https://example.com/x.tgz');
    const first = join(tempFolder(), 'first');
    const one = await library.copy(reference, first, signal);
    const two = await library.copy(reference, join(tempFolder(), 'second'), signal);
    expect(readdirSync(join(first, 'bin'))).toEqual(['compile', 'detect']);
    expect([one.digest, asked]).toEqual([two.digest, ['', '"1"']]);
    const hostile = bench.library(
      async () => new Response(new Uint8Array(tar(entry({ name: '../evil', content: 'x' })))),
    );
    await expect(
      hostile.copy(referenceOf('https://example.com/evil.tgz'), join(tempFolder(), 'x'), signal),
    ).rejects.toThrow(/its files are refused: "\.\.\/evil" leads out/);
    const gone = bench.library(async () => new Response('', { status: 404 }));
    await expect(gone.copy(reference, join(tempFolder(), 'x'), signal)).rejects.toThrow(/has no such file/);
  });

  test('ends at the limit of bytes, wherever a buildpack comes from', async () => {
    const limits = { ...BUILDPACK_LIMITS, bytes: 100_000 };
    const large = randomBytes(300_000);
    const library = new Bench().library(async () => new Response(new Uint8Array(large)), limits);
    const repository = aRepository();
    writeFileSync(join(repository, 'large'), large);
    const copy = (text: string) => library.copy(referenceOf(text), join(tempFolder(), 'copy'), signal);
    await expect(copy(repository)).rejects.toThrow(/has more than the 0 MB or 20000 files/);
    await expect(copy('https://example.com/x.tgz')).rejects.toThrow(/it is too large/);
    git(repository, 'add', '.');
    git(repository, 'commit', '--quiet', '-m', 'large');
    await expect(copy(`file://${repository}`)).rejects.toThrow(/larger than the limit of 100000 bytes/);
  });

  test('a folder that is none, or no buildpack, is refused', async () => {
    const library = new Bench().library();
    const copy = (folder: string) => library.copy(referenceOf(folder), join(tempFolder(), 'copy'), signal);
    await expect(copy('/nowhere')).rejects.toThrow(
      /\/nowhere is no classic buildpack: it has no bin\/detect/,
    );
    await expect(copy(aSource({ 'bin/detect': '' }))).rejects.toThrow(/it has no bin\/compile/);
    const cloudNative = aSource({ 'bin/detect': '', 'bin/build': '', 'buildpack.toml': '' });
    await expect(copy(cloudNative)).rejects.toThrow(/it is a Cloud Native Buildpack/);
  });
});
