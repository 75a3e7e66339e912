import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aPlan, aRequest, aSource, tempFolder } from '../../integration/build/support.js';
import { describeDocker, leftoversOf } from '../../support/docker.js';
import { aHome, artifactOf, expectNothingRunning, type BuilderFixture } from './support.js';

const sh = (script: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script];
const LIMITS = { timeoutMs: 60_000, slugBytes: 1e9, outputBytes: 1e8 };

await describeDocker('A build on Docker', (engine) => {
  describe('that does not end by itself', () => {
    test('is ended at its time limit', async () => {
      const home = aHome(engine);
      const plan = aPlan([['sleep', '600']]);
      const limits = { ...LIMITS, timeoutMs: 2_000 };
      const result = await home.open().build(aRequest(aSource({ a: '' }), { plan, limits }));
      expect(result).toMatchObject({
        ok: false,
        reason: 'timeout',
        message: 'The build took longer than 2 s and was ended.',
      });
      await expectNothingRunning(home);
    });

    test('is cancelled at once with all that it started, also what ignores SIGTERM', async () => {
      const home = aHome(engine);
      const script = `setsid sleep 600 & trap '' TERM; echo begun; while :; do sleep 1; done`;
      const controller = new AbortController();
      const request = aRequest(aSource({ a: '' }), { plan: aPlan([sh(script)]), signal: controller.signal });
      const build = home.open().build(request);
      await expect.poll(() => request.output.text, { timeout: 20_000 }).toContain('begun');
      const before = Date.now();
      controller.abort();
      expect(await build).toEqual({ ok: false, reason: 'cancelled', message: 'The build was cancelled.' });
      expect(Date.now() - before).toBeLessThan(5_000);
      await expectNothingRunning(home);
    });

    test('is cancelled before it has begun to run', async () => {
      const home = aHome(engine);
      const signal = AbortSignal.abort();
      const result = await home
        .open()
        .build(aRequest(aSource({ a: '' }), { plan: aPlan([['true']]), signal }));
      expect(result).toMatchObject({ ok: false, reason: 'cancelled' });
      await expectNothingRunning(home);
    });

    test('is ended when it prints without end', async () => {
      const home = aHome(engine);
      const limits = { ...LIMITS, outputBytes: 2_000_000 };
      const request = aRequest(aSource({ a: '' }), { plan: aPlan([sh('yes tfk')]), limits });
      expect(await home.open().build(request)).toMatchObject({ ok: false, reason: 'limit' });
      expect(request.output.text.length).toBeLessThan(40_000_000);
      await expectNothingRunning(home);
    });

    test('leaves a background process that holds its output, and is not held by it', async () => {
      const home = aHome(engine);
      const request = aRequest(aSource({ a: '' }), { plan: aPlan([sh('setsid sleep 600 & echo done')]) });
      artifactOf(await home.open().build(request));
      expect(request.output.lines).toContain('       done');
      await expectNothingRunning(home);
    });
  });

  test('delivers 1 GB of output whole', async () => {
    const home = aHome(engine);
    let bytes = 0;
    const source = aSource({ a: '' });
    const request = aRequest(source, {
      plan: aPlan([sh(`head -c 1000000000 /dev/zero | tr '\\0' x | fold -w 9999; echo; echo end`)]),
      limits: { ...LIMITS, timeoutMs: 150_000, outputBytes: 2e9 },
    });
    let last = '';
    const ignored = () => undefined;
    const detail = (text: string) => {
      last = text;
      bytes += text.length;
    };
    const output = { step: ignored, warning: ignored, detail };
    artifactOf(await home.open().build({ ...request, output }));
    expect(bytes).toBeGreaterThan(1_000_000_000);
    expect(last).toBe('end');
  });

  test('that uses too much memory is ended, and says how much there was', async () => {
    const home = aHome(engine);
    const builder = home.open({ resources: { memoryBytes: 96 * 1024 * 1024, pids: 256 } });
    const hog = `node -e "const a=[]; for(;;) a.push(Buffer.alloc(1e7, 1))"`;
    const result = await builder.build(aRequest(aSource({ a: '' }), { plan: aPlan([sh(hog)]) }));
    expect(result).toMatchObject({ ok: false, reason: 'limit' });
    expect(result.ok ? '' : result.message).toMatch(/ran out of memory, of which a build has 96 MB\.$/);
    await expectNothingRunning(home);
  });

  test('cannot start more processes than it may have', async () => {
    const home = aHome(engine);
    const builder = home.open({ resources: { memoryBytes: 512 * 1024 * 1024, pids: 32 } });
    const plan = aPlan([sh('for i in $(seq 100); do sleep 100 & done; echo all')]);
    const request = aRequest(aSource({ a: '' }), { plan });
    expect(await builder.build(request)).toMatchObject({ ok: false, reason: 'command' });
    expect(request.output.lines).not.toContain('       all');
  });

  test('of a command that is not there says so', async () => {
    const home = aHome(engine);
    const result = await home
      .open()
      .build(aRequest(aSource({ a: '' }), { plan: aPlan([['no-such-tool', 'x']]) }));
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.message).toMatch(
      /^Running: `no-such-tool x` cannot be started: exec: "no-such-tool": executable file not found in \$PATH\.$/,
    );
  });

  test('over its slug limit is refused with both figures, and leaves no image', async () => {
    const home = aHome(engine);
    const limits = { ...LIMITS, slugBytes: 1_000_000 };
    const source = aSource({ Procfile: 'web: true', big: 'x'.repeat(2_000_000) });
    const result = await home.open().build(aRequest(source, { limits }));
    expect(result).toMatchObject({ ok: false, reason: 'limit' });
    expect(result.ok ? '' : result.message).toMatch(/1\.9 MB.*1\.0 MB/);
    expect(await leftoversOf(engine.docker, home.names)).toEqual([]);
  });

  test('with a file that is larger than any disk is refused before it is copied', async () => {
    const home = aHome(engine);
    const limits = { ...LIMITS, slugBytes: 1_000_000 };
    const plan = aPlan([sh('truncate -s 1T huge')]);
    const request = aRequest(aSource({ a: '' }), { plan, limits });
    const before = Date.now();
    expect(await home.open().build(request)).toMatchObject({ ok: false, reason: 'limit' });
    expect(Date.now() - before).toBeLessThan(20_000);
    const layered = {
      ...plan,
      steps: plan.steps.map((step) => ({ ...step, inputs: ['a'], layers: ['deps'] })),
    };
    const commands = [sh('mkdir deps && truncate -s 1T deps/huge')];
    const steps = layered.steps.map((step) => ({ ...step, commands }));
    const other = aRequest(aSource({ a: '' }), { plan: { ...layered, steps }, limits });
    expect(await home.open().build(other)).toMatchObject({ ok: false, reason: 'limit' });
    await expectNothingRunning(home);
  });

  test('shows of progress bars the last state, and no escape sequences', async () => {
    const plan = aPlan([
      ['printf', '10%%\\r50%%\\r100%%\\n\\033[2Jclear\\033]0;title\\007\\n\\033[31mred\\033[0m\\n'],
    ]);
    const request = aRequest(aSource({ a: '' }), { plan });
    artifactOf(await aHome(engine).open().build(request));
    expect(request.output.lines).toContain('       100%');
    expect(request.output.lines).toContain('       clear');
    expect(request.output.lines).toContain('       \u001B[31mred\u001B[0m');
  });

  describe('with a build environment', () => {
    const SECRET = 's3cr3t-proxy-password';

    test('has it in its commands, files included, and not in any image', async () => {
      const home = aHome(engine);
      process.env['TFK_TEST_SECRET'] = 'leak';
      const bundle = join(tempFolder(), 'bundle.pem');
      writeFileSync(bundle, 'the certificates of the proxy');
      const request = aRequest(aSource({ lock: '1' }), {
        plan: aPlan([], {
          steps: [
            {
              name: 'install',
              title: 'Install',
              inputs: ['lock'],
              commands: [sh('env; cat $NODE_EXTRA_CA_CERTS $SSL_CERT_FILE; mkdir deps; touch deps/x')],
              env: {},
              caches: {},
              layers: ['deps'],
            },
            ...aPlan([sh('test -n "$HTTPS_PROXY" && echo built > out')]).steps,
          ],
        }),
        env: {
          HTTPS_PROXY: `http://user:${SECRET}@proxy.example:3128`,
          NODE_EXTRA_CA_CERTS: bundle,
          SSL_CERT_FILE: bundle,
          SSL_CERT_DIR: '/no/such/folder',
        },
      });
      const artifact = artifactOf(await home.open().build(request));
      delete process.env['TFK_TEST_SECRET'];
      expect(request.output.text).toContain(`HTTPS_PROXY=http://user:${SECRET}@proxy.example:3128`);
      expect(request.output.text).toContain('the certificates of the proxythe certificates of the proxy');
      expect(request.output.text).toContain('SSL_CERT_DIR is not passed on to the build');
      expect(request.output.text).not.toContain('leak');
      await expectNoTraceOf(home, ['s3cr3t', 'proxy.example', 'bundle.pem', 'tfk-build']);
      const seen = await home.inSlug(
        artifact,
        'env; ls -A / ; grep -rl "certificates of the proxy" /app /tmp /var',
      );
      expect(seen).not.toMatch(/proxy|tfk-build/i);
    });

    async function expectNoTraceOf(
      { docker, names }: BuilderFixture,
      words: readonly string[],
    ): Promise<void> {
      const images = await docker.listImages({ all: true, filters: { label: [`tfk.home=${names.home}`] } });
      expect(images.length).toBeGreaterThan(1);
      for (const { Id } of images) {
        const image = docker.getImage(Id);
        const facts = JSON.stringify([await image.inspect(), await image.history()]);
        for (const word of words) expect(facts).not.toContain(word);
      }
    }
  });

  test('of an earlier tfkd that was killed is ended and removed by a later one', async () => {
    const home = aHome(engine);
    const request = aRequest(aSource({ a: '' }), { plan: aPlan([sh('echo begun; exec sleep 600')]) });
    const orphaned = home.open().build(request);
    await expect.poll(() => request.output.text, { timeout: 20_000 }).toContain('begun');
    await home.open().recover();
    await expectNothingRunning(home);
    expect(await orphaned).toMatchObject({ ok: false });
    expect(
      (await leftoversOf(engine.docker, home.names)).filter((thing) => thing.startsWith('image')),
    ).toEqual([]);
  });

  test('cannot reach a build of another app', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const server = `node -e "require('http').createServer((q,s)=>s.end('reached')).listen(80,()=>console.log('at',Object.values(require('os').networkInterfaces()).flat().find(a=>a.family==='IPv4'&&!a.internal).address))"`;
    const controller = new AbortController();
    const serving = aRequest(aSource({ a: '' }), { plan: aPlan([sh(server)]), signal: controller.signal });
    const served = builder.build(serving);
    await expect.poll(() => serving.output.text, { timeout: 20_000 }).toMatch(/at [\d.]+/);
    const [, address] = /at ([\d.]+)/.exec(serving.output.text) ?? [];
    const client = `node -e "fetch('http://${address}/',{signal:AbortSignal.timeout(3000)}).then(()=>console.log('reached'),()=>console.log('out of reach'))"`;
    const request = aRequest(aSource({ b: '' }), { plan: aPlan([sh(client)]), appId: 'app-2' });
    artifactOf(await builder.build(request));
    controller.abort();
    await served;
    expect(request.output.lines).toContain('       out of reach');
  });
});
