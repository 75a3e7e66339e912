import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { extract } from 'tar-fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Artifact, BuildResult } from '../../../daemon/engines/engine.js';
import { ProcessBuilder } from '../../../daemon/engines/process/build/process-builder.js';
import { Processes } from '../../../daemon/engines/process/host/processes.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { scanTree } from '../../../daemon/shared/tree.js';
import { theseToolchains } from '../../support/toolchains.js';
import { aPlan, aRequest, aSource, tempFolder, writeFiles } from './support.js';

const path = `${join(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin`;
const aBuilder = (home = tempFolder()) =>
  new ProcessBuilder({
    home,
    path,
    processes: new Processes(),
    toolchains: theseToolchains(),
    logger: createLogger('silent', 'test'),
  });

function artifactOf(result: BuildResult): Artifact {
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.artifact;
}

const NODE_APP = {
  'package.json': {
    name: 'hello',
    version: '1.0.0',
    scripts: { build: 'node build.js', start: 'node server.js' },
    dependencies: {},
    devDependencies: {},
  },
  'build.js': `require('fs').writeFileSync('built.txt', require('fs').readFileSync('input.txt'));`,
  'server.js': '',
  'input.txt': 'one',
};

describe('a plain Procfile app', () => {
  test('becomes a slug that is its source', async () => {
    const builder = aBuilder();
    const source = aSource({ Procfile: 'web: ./run.sh', 'run.sh': '#!/bin/sh\n', 'lib/a.txt': 'a' });
    const artifact = artifactOf(await builder.build(aRequest(source)));
    const target = join(tempFolder(), 'dyno');
    expect(await builder.materialise(artifact, target)).toEqual({ path: [], hostPath: [] });
    expect(readFileSync(join(target, 'lib/a.txt'), 'utf8')).toBe('a');
    expect(artifact.size).toBeGreaterThan(0);
    expect(await builder.hasArtifact(artifact)).toBe(true);
  });

  test('gives the same artifact for the same source, wherever it lies', async () => {
    const files = { Procfile: 'web: true', 'a/b.txt': 'b' };
    const first = artifactOf(await aBuilder().build(aRequest(aSource(files))));
    const second = artifactOf(await aBuilder().build(aRequest(aSource(files))));
    expect(second).toEqual(first);
  });

  test('leaves no staging folder behind', async () => {
    const home = tempFolder();
    await aBuilder(home).build(aRequest(aSource({ Procfile: 'web: true' })));
    expect(readdirSync(join(home, 'cache/staging'))).toEqual([]);
  });
});

test('programs that no dyno could start are told, and none that a build or a layer brings', async () => {
  const source = aSource({ 'plain.sh': '', 'tool.sh': '' });
  chmodSync(join(source, 'tool.sh'), 0o755);
  const make =
    'mkdir deps bin && cp tool.sh bin/made && ln -s ../tool.sh bin/link && ln -s ../deps/x bin/into && cp tool.sh deps/x';
  const plan = aPlan([['/bin/sh', '-c', make]]);
  const steps = plan.steps.map((step) => ({ ...step, layers: ['deps'] }));
  const programs = [
    './plain.sh',
    'gone',
    'bin',
    'bin/made',
    './bin/link',
    'bin/into',
    'deps/x',
    'deps/y',
    'tool.sh/x',
  ];
  const result = await aBuilder().build(aRequest(source, { plan: { ...plan, steps }, programs }));
  expect(result).toMatchObject({
    ok: true,
    unstartable: [
      { path: './plain.sh', why: 'not executable' },
      { path: 'gone', why: 'missing' },
      { path: 'bin', why: 'not executable' },
    ],
  });
});

describe('a Node.js app', () => {
  test('has what its build script made', async () => {
    const builder = aBuilder();
    const artifact = artifactOf(await builder.build(aRequest(aSource(NODE_APP))));
    const target = join(tempFolder(), 'dyno');
    expect(await builder.materialise(artifact, target)).toEqual({
      path: ['node_modules/.bin'],
      hostPath: [],
    });
    expect(readFileSync(join(target, 'built.txt'), 'utf8')).toBe('one');
  });

  test('is refused when it asks for a Node.js which is not here, naming both', async () => {
    const source = aSource({ 'package.json': { engines: { node: '>=99' } } });
    const result = await aBuilder().build(aRequest(source));
    expect(result).toMatchObject({ ok: false, reason: 'runtime' });
    expect(result.ok ? '' : result.message).toContain('>=99');
    expect(result.ok ? '' : result.message).toContain(process.version);
  });
});

/** A plan in the shape of Node's: a closed install step, a build script, and a closed pruning of what was installed. */
function aLayeredPlan(buildScript: string) {
  const sh = (script: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script];
  const common = { env: {}, caches: {}, title: 'Step' };
  const install = 'mkdir -p deps/dev && cat lock > deps/a && echo tool > deps/dev/tool && echo installed';
  return aPlan([], {
    steps: [
      { ...common, name: 'install', inputs: ['lock'], commands: [sh(install)], layers: ['deps'] },
      { ...common, name: 'build', inputs: 'source' as const, commands: [sh(buildScript)], layers: [] },
      {
        ...common,
        name: 'prune',
        inputs: ['lock'],
        commands: [sh('rm -r deps/dev; echo pruned')],
        layers: ['deps'],
      },
    ],
    exclude: ['deps/.cache'],
  });
}

describe('layers', () => {
  test('are taken from the cache when files change that their step does not see', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1', 'index.js': 'one' });
    const plan = aLayeredPlan('cat index.js > out; test -f deps/dev/tool');
    const first = aRequest(source, { plan });
    artifactOf(await builder.build(first));
    expect(first.output.text).toContain('installed');
    writeFiles(source, { 'index.js': 'two' });
    const second = aRequest(source, { plan });
    const artifact = artifactOf(await builder.build(second));
    expect(second.output.text).not.toContain('installed');
    expect(second.output.text).not.toContain('pruned');
    const target = join(tempFolder(), 'dyno');
    await builder.materialise(artifact, target);
    expect(readFileSync(join(target, 'out'), 'utf8')).toBe('two');
    expect(readFileSync(join(target, 'deps/a'), 'utf8')).toBe('1');
    expect(existsSync(join(target, 'deps/dev'))).toBe(false);
  });

  test('are made anew when an input of their step changes', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1' });
    const plan = aLayeredPlan('true');
    artifactOf(await builder.build(aRequest(source, { plan })));
    writeFiles(source, { lock: '2' });
    const second = aRequest(source, { plan });
    const artifact = artifactOf(await builder.build(second));
    expect(second.output.text).toContain('installed');
    const target = join(tempFolder(), 'dyno');
    await builder.materialise(artifact, target);
    expect(readFileSync(join(target, 'deps/a'), 'utf8')).toBe('2');
  });

  test('are made anew for another value of a config var that their step names, and for no other', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1' });
    const install = ['/bin/sh', '-c', 'mkdir deps && echo "installed by $TOKEN, not by $OTHER"'] as const;
    const common = { env: {}, caches: {}, layers: ['deps'], name: 'install', title: 'Installing' };
    const step = { ...common, inputs: ['lock'], config: ['TOKEN'], commands: [install] };
    const plan = aPlan([], { steps: [step], buildConfig: ['OTHER', 'TOKEN'] });
    const said = async (
      config: Record<string, string>,
      configKey: (of: object) => string = JSON.stringify,
    ) => {
      const request = aRequest(source, { plan, config, configKey });
      artifactOf(await builder.build(request));
      return request.output.text;
    };
    expect(await said({ TOKEN: 'one', OTHER: 'x' })).toMatch(/installed by one, not by $/m);
    writeFiles(source, { 'index.js': 'changed' });
    expect(await said({ TOKEN: 'one', OTHER: 'y' })).not.toContain('installed');
    expect(await said({ TOKEN: 'two', OTHER: 'y' })).toContain('installed by two');
    // The same values in a home of another key.
    expect(await said({ TOKEN: 'two', OTHER: 'y' }, () => 'another')).toContain('installed by two');
  });

  test('are made anew when what lies behind a link among their inputs changes', async () => {
    const builder = aBuilder();
    const source = aSource({ 'locks/prod': '1' });
    symlinkSync('locks/prod', join(source, 'lock'));
    const plan = aLayeredPlan('cp deps/a out');
    const out = async () => {
      const target = join(tempFolder(), 'dyno');
      await builder.materialise(artifactOf(await builder.build(aRequest(source, { plan }))), target);
      return readFileSync(join(target, 'out'), 'utf8');
    };
    expect(await out()).toBe('1');
    writeFiles(source, { 'locks/prod': '2' });
    expect(await out()).toBe('2');
  });

  test('keep what a build script generates, changes or removes in them, for its own slug only', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1' });
    const script =
      'mkdir -p deps/.client deps/.cache && echo gen > deps/.client/x && echo c > deps/.cache/x && echo patched > deps/a';
    const target = join(tempFolder(), 'patched');
    await builder.materialise(
      artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan(script) }))),
      target,
    );
    expect(readFileSync(join(target, 'deps/a'), 'utf8')).toBe('patched\n');
    expect(readFileSync(join(target, 'deps/.client/x'), 'utf8')).toBe('gen\n');
    expect(existsSync(join(target, 'deps/.cache'))).toBe(false);
    const removed = join(tempFolder(), 'removed');
    const removing = aRequest(source, { plan: aLayeredPlan('rm deps/a') });
    await builder.materialise(artifactOf(await builder.build(removing)), removed);
    expect(removing.output.text).not.toContain('installed');
    expect(existsSync(join(removed, 'deps/a'))).toBe(false);
    const plain = join(tempFolder(), 'plain');
    await builder.materialise(
      artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan('true') }))),
      plain,
    );
    expect(readFileSync(join(plain, 'deps/a'), 'utf8')).toBe('1');
    expect(existsSync(join(plain, 'deps/.client'))).toBe(false);
  });

  test('that the plan leaves out are not in the slug, and are found again all the same', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1' });
    const plan = { ...aLayeredPlan('cp deps/a site; echo changed > deps/a'), exclude: ['/deps'] };
    const artifact = artifactOf(await builder.build(aRequest(source, { plan })));
    const target = join(tempFolder(), 'dyno');
    await builder.materialise(artifact, target);
    expect(readdirSync(target).sort()).toEqual(['lock', 'site']);
    expect(artifact.size).toBeLessThan(10);
    writeFiles(source, { other: 'x' });
    const again = aRequest(source, { plan });
    await builder.build(again);
    expect(again.output.text).not.toContain('installed');
  });

  test('that a step left half done are not kept', async () => {
    const home = tempFolder();
    const builder = aBuilder(home);
    const plan = aPlan([], {
      steps: [
        {
          name: 'i',
          title: 'I',
          inputs: ['lock'],
          layers: ['deps'],
          env: {},
          caches: {},
          commands: [['/bin/sh', '-c', 'mkdir deps; echo x > deps/x; exit 3']],
        },
      ],
    });
    const result = await builder.build(aRequest(aSource({ lock: '1' }), { plan }));
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.message).toContain('exited with status 3');
    expect(readdirSync(join(home, 'cache/layers'))).toEqual([]);
    expect(readdirSync(join(home, 'cache/staging'))).toEqual([]);
    expect(readdirSync(join(home, 'slugs'))).toEqual([]);
  });
});

describe('dynos of one slug', () => {
  test('cannot change the slug or each other', async () => {
    const builder = aBuilder();
    const plan = aLayeredPlan('true');
    const artifact = artifactOf(await builder.build(aRequest(aSource({ lock: '1', own: 'x' }), { plan })));
    const [one, two] = [join(tempFolder(), 'one'), join(tempFolder(), 'two')];
    await builder.materialise(artifact, one);
    writeFileSync(join(one, 'own'), 'changed');
    writeFileSync(join(one, 'deps/new'), 'new');
    try {
      writeFileSync(join(one, 'deps/a'), 'changed');
    } catch (error) {
      expect(error).toMatchObject({ code: 'EACCES' });
    }
    await builder.materialise(artifact, two);
    expect(readFileSync(join(two, 'own'), 'utf8')).toBe('x');
    expect(readFileSync(join(two, 'deps/a'), 'utf8')).toBe('1');
    expect(existsSync(join(two, 'deps/new'))).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'share the files of layers, when they run as another user',
    async () => {
      const builder = aBuilder();
      const artifact = artifactOf(
        await builder.build(aRequest(aSource({ lock: '1', own: 'x' }), { plan: aLayeredPlan('true') })),
      );
      const [one, two] = [join(tempFolder(), 'one'), join(tempFolder(), 'two')];
      await builder.materialise(artifact, one, { uid: 212345, gid: 212345 });
      await builder.materialise(artifact, two, { uid: 212346, gid: 212346 });
      expect(statSync(join(one, 'deps/a')).ino).toBe(statSync(join(two, 'deps/a')).ino);
      expect(statSync(join(one, 'deps/a'))).toMatchObject({ uid: 0, mode: 0o100444 });
      expect(statSync(join(one, 'deps')).uid).toBe(212345);
      expect(statSync(join(one, 'own')).uid).toBe(212345);
      expect(statSync(one)).toMatchObject({ uid: 212345 });
    },
  );

  test('replace what a cut-off call left', async () => {
    const builder = aBuilder();
    const artifact = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: true' }))));
    const target = join(writeFiles(tempFolder(), { 'dyno/left': 'over' }), 'dyno');
    await builder.materialise(artifact, target);
    expect(readdirSync(target)).toEqual(['Procfile']);
  });
});

describe('a build that does not end by itself', () => {
  const pidsOf = async (file: string): Promise<number> => {
    for (;;) {
      if (existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
        return Number(readFileSync(file, 'utf8'));
      await pause(20);
    }
  };
  const lives = (pid: number): boolean => {
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
    } catch {
      return false;
    }
  };

  test('is ended at its time limit', async () => {
    const plan = aPlan([['sleep', '600']]);
    const limits = { timeoutMs: 300, slugBytes: 1e9, outputBytes: 1e8 };
    const result = await aBuilder().build(aRequest(aSource({ a: '' }), { plan, limits }));
    expect(result).toMatchObject({ ok: false, reason: 'timeout' });
  });

  test('is cancelled with all that it started, also what left its process group', async () => {
    const seen = tempFolder();
    const script = `setsid sh -c 'echo $$ > ${seen}/far; exec sleep 600' & (trap '' TERM; echo $$ > ${seen}/near; while :; do sleep 1; done)`;
    const controller = new AbortController();
    const build = aBuilder().build(
      aRequest(aSource({ a: '' }), { plan: aPlan([['/bin/sh', '-c', script]]), signal: controller.signal }),
    );
    const pids = [await pidsOf(join(seen, 'far')), await pidsOf(join(seen, 'near'))];
    controller.abort();
    expect(await build).toMatchObject({ ok: false, reason: 'cancelled' });
    await expect.poll(() => pids.filter(lives), { timeout: 10_000 }).toEqual([]);
  });

  test('is ended when it prints without end', async () => {
    const plan = aPlan([['/bin/sh', '-c', 'yes tfk']]);
    const limits = { timeoutMs: 60_000, slugBytes: 1e9, outputBytes: 2_000_000 };
    const request = aRequest(aSource({ a: '' }), { plan, limits });
    expect(await aBuilder().build(request)).toMatchObject({ ok: false, reason: 'limit' });
    expect(request.output.text.length).toBeLessThan(40_000_000);
  });

  test('leaves a background process that holds its output, and is not held by it', async () => {
    const plan = aPlan([['/bin/sh', '-c', 'setsid sleep 600 & echo done']]);
    const request = aRequest(aSource({ a: '' }), { plan });
    artifactOf(await aBuilder().build(request));
    expect(request.output.lines).toContain('       done');
  });
});

test('a slug over its limit is refused with both figures', async () => {
  const limits = { timeoutMs: 60_000, slugBytes: 1_000_000, outputBytes: 1e8 };
  const source = aSource({ Procfile: 'web: true', big: 'x'.repeat(2_000_000) });
  const result = await aBuilder().build(aRequest(source, { limits }));
  expect(result).toMatchObject({ ok: false, reason: 'limit' });
  expect(result.ok ? '' : result.message).toMatch(/1\.9 MB.*1\.0 MB/);
});

test('build commands see a clean environment, the build env, and none of tfkd', async () => {
  process.env['TFK_TEST_SECRET'] = 'leak';
  const request = aRequest(aSource({ a: '' }), {
    plan: aPlan([['env']]),
    env: { HTTPS_PROXY: 'http://proxy' },
  });
  artifactOf(await aBuilder().build(request));
  delete process.env['TFK_TEST_SECRET'];
  expect(request.output.text).toContain('HTTPS_PROXY=http://proxy');
  expect(request.output.text).not.toContain('leak');
});

test('of progress bars the last state is shown, and no escape sequences', async () => {
  const plan = aPlan([
    ['printf', '10%%\\r50%%\\r100%%\\n\\033[2Jclear\\033]0;title\\007\\n\\033[31mred\\033[0m\\n'],
  ]);
  const request = aRequest(aSource({ a: '' }), { plan });
  artifactOf(await aBuilder().build(request));
  expect(request.output.lines).toContain('       100%');
  expect(request.output.lines).toContain('       clear');
  expect(request.output.lines).toContain('       \u001B[31mred\u001B[0m');
});

describe('garbage collection', () => {
  test('keeps what the kept artifacts need, and removes the others', async () => {
    const home = tempFolder();
    const builder = aBuilder(home);
    const plan = aLayeredPlan('true');
    const kept = artifactOf(await builder.build(aRequest(aSource({ lock: '1' }), { plan })));
    const other = artifactOf(await builder.build(aRequest(aSource({ lock: '2' }), { plan })));
    expect(await builder.collectGarbage([kept])).toBeGreaterThan(0);
    expect(await builder.hasArtifact(kept)).toBe(true);
    expect(await builder.hasArtifact(other)).toBe(false);
    const again = aRequest(aSource({ lock: '1', more: 'x' }), { plan });
    artifactOf(await builder.build(again));
    expect(again.output.text).not.toContain('installed');
    await expect(builder.materialise(other, join(tempFolder(), 'x'))).rejects.toMatchObject({ id: 'gone' });
  });

  test('builds a removed slug again', async () => {
    const builder = aBuilder();
    const source = aSource({ Procfile: 'web: true' });
    const first = artifactOf(await builder.build(aRequest(source)));
    await builder.collectGarbage([]);
    expect(await builder.hasArtifact(first)).toBe(false);
    expect(artifactOf(await builder.build(aRequest(source)))).toEqual(first);
    expect(await builder.hasArtifact(first)).toBe(true);
  });

  test('leaves alone what a running build has found or made', async () => {
    const builder = aBuilder();
    const source = aSource({ lock: '1' });
    artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan('true') })));
    const seen = tempFolder();
    const waiting = `touch ${seen}/started; while [ ! -e ${seen}/go ]; do sleep 0.05; done`;
    const build = builder.build(aRequest(source, { plan: aLayeredPlan(waiting) }));
    await expect.poll(() => existsSync(join(seen, 'started')), { timeout: 10_000 }).toBe(true);
    await builder.collectGarbage([]);
    writeFileSync(join(seen, 'go'), '');
    expect(await builder.hasArtifact(artifactOf(await build))).toBe(true);
  });
});

test('builds of two homes end each their own processes, though their apps have one id', async () => {
  const build = (script: string) =>
    aBuilder().build(aRequest(aSource({ a: script }), { plan: aPlan([['/bin/sh', '-c', script]]) }));
  const long = build('sleep 2');
  artifactOf(await build('true'));
  artifactOf(await long);
});

test('builds of an app lie in one place, so that what tools keep between them holds, and in two when they run at once', async () => {
  const builder = aBuilder();
  const built = async (script: string) => {
    const request = aRequest(aSource({ a: script }), { plan: aPlan([['/bin/sh', '-c', script]]) });
    artifactOf(await builder.build(request));
    return request.output.text.split('\n').at(-1);
  };
  const first = await built('pwd');
  expect(await built('pwd; true')).toBe(first);
  const [one, other] = await Promise.all([built('pwd; sleep 1'), built('pwd; sleep 1; true')]);
  expect(one).not.toBe(other);
});

test('a build that leaves what cannot be removed ends as it would, and neither later ones nor a later tfkd end by it', async () => {
  const home = tempFolder();
  // Too deep for any path to name all of it, so that not even root removes it by its path.
  onTestFinished(() => void execFileSync('rm', ['-rf', join(home, 'cache')]));
  const deepen = `process.chdir('..');
    for (let i = 0; i < 30; i++) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }
    process.exit(3);`;
  const build = async (builder: ProcessBuilder, ...argv: [string, ...string[]]) => {
    const request = aRequest(aSource({ a: '' }), { plan: aPlan([argv]) });
    return { result: await builder.build(request), text: request.output.text };
  };
  const builder = aBuilder(home);
  expect((await build(builder, 'node', '-e', deepen)).result).toMatchObject({ ok: false, reason: 'command' });
  const later = await build(builder, 'pwd');
  expect(later).toMatchObject({ result: { ok: true } });
  expect(later.text).toContain(join(home, 'cache/staging/app-1/tree'));
  expect(await build(aBuilder(home), 'sh', '-c', 'pwd; true')).toMatchObject({ result: { ok: true } });
});

test('a later tfkd ends and removes what a killed one left', async () => {
  const home = tempFolder();
  const seen = tempFolder();
  const controller = new AbortController();
  const plan = aPlan([['/bin/sh', '-c', `echo $$ > ${seen}/pid; exec sleep 600`]]);
  const orphaned = aBuilder(home).build(aRequest(aSource({ a: '' }), { plan, signal: controller.signal }));
  await expect.poll(() => existsSync(join(seen, 'pid')), { timeout: 10_000 }).toBe(true);
  await aBuilder(home).recover();
  expect(readdirSync(join(home, 'cache/staging'))).toEqual([]);
  expect(await orphaned).toMatchObject({ ok: false });
});

describe('a slug as an archive', () => {
  test('holds what a dyno of it would see, layers and all, and is the same each time', async () => {
    const builder = aBuilder();
    const step = {
      name: 'install',
      title: 'Installing',
      inputs: ['package.json'],
      commands: [
        ['sh', '-c', 'mkdir -p node_modules/.bin node_modules/a && echo a > node_modules/a/index.js'],
        ['sh', '-c', 'echo "#!/bin/sh" > node_modules/a/tool && chmod +x node_modules/a/tool'],
        ['ln', '-s', '../a/tool', 'node_modules/.bin/tool'],
      ] as const,
      env: {},
      caches: {},
      layers: ['node_modules'],
    };
    const long = `${'long/'.repeat(30)}name.txt`;
    const source = aSource({ 'package.json': {}, 'lib/a.txt': 'a', [long]: 'far below', 'ü.txt': 'ü' });
    const artifact = artifactOf(
      await builder.build(aRequest(source, { plan: aPlan([], { steps: [step] }) })),
    );
    const [dyno, unpacked] = [join(tempFolder(), 'dyno'), tempFolder()];
    await builder.materialise(artifact, dyno);
    const archive = await buffer(await builder.pack(artifact));
    await pipeline(Readable.from([archive]), extract(unpacked));
    const seen = await scanTree(join(unpacked, 'app'));
    expect(seen.map(({ path }) => path)).toContain('node_modules/.bin/tool');
    expect(seen).toEqual(await scanTree(dyno));
    expect((await buffer(await builder.pack(artifact))).equals(archive)).toBe(true);
  });

  test('is not taken away by a collection while it is read, and is gone after one', async () => {
    const builder = aBuilder();
    const artifact = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: true', a: 'a' }))));
    const reading = await builder.pack(artifact);
    await builder.collectGarbage([]);
    expect((await buffer(reading)).toString('latin1')).toContain('./app/Procfile');
    await builder.collectGarbage([]);
    await expect(builder.pack(artifact)).rejects.toMatchObject({ id: 'gone' });
  });
});
