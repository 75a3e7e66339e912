import { describe, expect, test } from 'vitest';
import { aPlan, aRequest, aSource, writeFiles } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { aHome, aLayeredPlan, artifactOf, expectNothingRunning, sharedHome } from './support.js';

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

await describeDocker('A plan on Docker', (engine) => {
  describe('of a plain Procfile app', () => {
    test('becomes an image that is its source, ready to run', async () => {
      const home = aHome(engine);
      const builder = home.open();
      const source = aSource({ Procfile: 'web: ./run.sh', 'run.sh': '#!/bin/sh\n', 'lib/a.txt': 'a' });
      const artifact = artifactOf(await builder.build(aRequest(source)));
      expect(artifact).toMatchObject({ engine: 'docker', size: 24 });
      expect(await builder.hasArtifact(artifact)).toBe(true);
      const seen = await home.inSlug(
        artifact,
        'pwd; id -u; id -g; echo $HOME; cat lib/a.txt; touch x lib/y && ls',
      );
      expect(seen.split('\n')).toEqual([
        '/app',
        '1000',
        '1000',
        '/app',
        'aProcfile',
        'lib',
        'run.sh',
        'x',
        '',
      ]);
      await expectNothingRunning(home);
    });

    test('gives the same artifact for the same source, wherever it lies', async () => {
      const home = aHome(engine);
      const files = { Procfile: 'web: true', 'a/b.txt': 'b' };
      const first = artifactOf(await home.open().build(aRequest(aSource(files))));
      const second = artifactOf(await home.open().build(aRequest(aSource(files))));
      expect(second).toEqual(first);
    });

    test('may be built twice at once', async () => {
      const home = aHome(engine);
      const builder = home.open();
      const source = aSource({ lock: '1' });
      const plan = aLayeredPlan('true');
      const builds = [1, 2].map(() => builder.build(aRequest(source, { plan })));
      const [one, two] = await Promise.all(builds);
      expect(one).toMatchObject({ ok: true });
      expect(two).toEqual(one);
      await expectNothingRunning(home);
    });
  });

  describe('of a Node.js app', () => {
    test('has what its build script made', async () => {
      const home = aHome(engine);
      const artifact = artifactOf(await home.open().build(aRequest(aSource(NODE_APP))));
      expect(await home.inSlug(artifact, 'cat built.txt; echo; echo $PATH')).toMatch(
        /^one\n\/app\/node_modules\/\.bin:\/usr\//,
      );
    });

    test('is refused when it asks for a Node.js that no image has, naming both', async () => {
      const source = aSource({ 'package.json': { engines: { node: '>=99' } } });
      const result = await aHome(engine).open().build(aRequest(source));
      expect(result).toMatchObject({ ok: false, reason: 'runtime' });
      expect(result.ok ? '' : result.message).toMatch(
        />=99.*node:99-slim.*docker load.*TFK_BASE_IMAGE_NODE/s,
      );
    });
  });

  describe('with layers', () => {
    const home = sharedHome(engine);

    test('takes them from the cache when files change that their step does not see', async () => {
      const builder = home.open();
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
      const seen = await home.inSlug(artifact, 'cat out deps/a; find . | sort');
      expect(seen).toBe('two1.\n./deps\n./deps/a\n./index.js\n./lock\n./out\n');
    });

    test('takes them from no other app, whose build scripts may have left settings where steps look', async () => {
      const fresh = aHome(engine);
      const builder = fresh.open();
      const source = aSource({ lock: '1' });
      const plan = aLayeredPlan('true');
      const one = artifactOf(await builder.build(aRequest(source, { plan, appId: 'one' })));
      const second = aRequest(source, { plan, appId: 'two' });
      expect(artifactOf(await builder.build(second)).id).not.toBe(one.id);
      expect(second.output.text).toContain('installed');
    });

    test('makes them anew when an input of their step changes', async () => {
      const builder = home.open();
      const source = aSource({ lock: '1' });
      const plan = aLayeredPlan('true');
      artifactOf(await builder.build(aRequest(source, { plan })));
      writeFiles(source, { lock: '2' });
      const second = aRequest(source, { plan });
      const artifact = artifactOf(await builder.build(second));
      expect(second.output.text).toContain('installed');
      expect(await home.inSlug(artifact, 'cat deps/a')).toBe('2');
    });

    test('keeps what a build script generates, changes or removes in them, for its own slug only', async () => {
      const builder = home.open();
      const source = aSource({ lock: '1' });
      const script =
        'mkdir -p deps/.client deps/.cache && echo gen > deps/.client/x && echo c > deps/.cache/x && echo patched > deps/a';
      const patched = artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan(script) })));
      const seen = await home.inSlug(patched, 'cat deps/a deps/.client/x; ls -A deps');
      expect(seen).toBe('patched\ngen\n.client\na\n');
      const removing = aRequest(source, { plan: aLayeredPlan('rm deps/a') });
      const removed = artifactOf(await builder.build(removing));
      expect(removing.output.text).not.toContain('installed');
      expect(await home.inSlug(removed, 'ls -A deps')).toBe('');
      const plain = artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan('true') })));
      expect(await home.inSlug(plain, 'cat deps/a; ls -A deps')).toBe('1a\n');
    });

    test('removes what a build script removed with no program of the app’s own', async () => {
      const plan = aLayeredPlan('rm deps/a');
      const fake = ['/bin/sh', '-c', 'printf "#!/bin/sh\\n" > deps/rm && chmod +x deps/rm'] as const;
      const steps = plan.steps.map((step, index) =>
        index === 0 ? { ...step, commands: [...step.commands, fake] } : step,
      );
      const request = aRequest(aSource({ lock: '1' }), { plan: { ...plan, steps, launchPath: ['deps'] } });
      const artifact = artifactOf(await home.open().build(request));
      expect(await home.inSlug(artifact, 'ls deps; cat deps/rm')).toBe('rm\n#!/bin/sh\n');
    });

    test('keeps a folder that a build script makes anew as it left it', async () => {
      const source = aSource({ lock: '1' });
      const plan = aLayeredPlan('rm -r deps && mkdir -p deps/new && echo n > deps/new/x');
      const artifact = artifactOf(await home.open().build(aRequest(source, { plan })));
      expect(await home.inSlug(artifact, 'find deps -type f')).toBe('deps/new/x\n');
    });

    test('hands a layer of a step that sees all to the closed step after it', async () => {
      const plan = aLayeredPlan('echo built > out; touch deps/junk');
      const steps = plan.steps.map((step, index) =>
        index === 0 ? { ...step, inputs: 'source' as const } : step,
      );
      const request = aRequest(aSource({ lock: '7', other: 'x' }), { plan: { ...plan, steps } });
      const artifact = artifactOf(await home.open().build(request));
      expect(await home.inSlug(artifact, 'cat deps/a out; find deps | sort')).toBe(
        '7built\ndeps\ndeps/a\ndeps/junk\n',
      );
    });

    test('keeps a file of which another name is left out', async () => {
      const plan = aLayeredPlan('mkdir -p a && echo x > a/first && ln a/first a/second');
      const request = aRequest(aSource({ lock: '1' }), { plan: { ...plan, exclude: ['a/first'] } });
      const artifact = artifactOf(await home.open().build(request));
      expect(await home.inSlug(artifact, 'ls a; cat a/second')).toBe('second\nx\n');
    });

    test('waits for a command that has closed its output and works on', async () => {
      const script = 'exec >&- 2>&-; sleep 5; echo late > out';
      const request = aRequest(aSource({ lock: '1' }), { plan: aLayeredPlan(script) });
      const artifact = artifactOf(await home.open().build(request));
      expect(await home.inSlug(artifact, 'cat out')).toBe('late\n');
    });

    test('does not keep those that a step left half done', async () => {
      const fresh = aHome(engine);
      const step = {
        name: 'i',
        title: 'I',
        inputs: ['lock'],
        layers: ['deps'],
        env: {},
        caches: {},
        commands: [['/bin/sh', '-c', 'mkdir deps; echo x > deps/x; exit 3']] as const,
      };
      const plan = aPlan([], { steps: [step] });
      const result = await fresh.open().build(aRequest(aSource({ lock: '1' }), { plan }));
      expect(result).toMatchObject({ ok: false, reason: 'command' });
      expect(result.ok ? '' : result.message).toBe(
        'I: `/bin/sh -c mkdir deps; echo x > deps/x; exit 3` exited with status 3.',
      );
      expect(
        await engine.docker.listImages({ filters: { label: [`tfk.home=${fresh.names.home}`] } }),
      ).toEqual([]);
      await expectNothingRunning(fresh);
    });
  });
});
