import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LABEL } from '../../../daemon/engines/docker/names.js';
import { describeDocker } from '../../support/docker.js';
import { OneImageRegistry } from '../../support/one-image-registry.js';
import { Bench } from './support.js';

/** In a RUN line: what an earlier test left in the builder's cache does not stand for it. */
const fresh = (): string => randomUUID();

await describeDocker('A Dockerfile on Docker', (testDocker) => {
  const bench = new Bench(testDocker);

  test('becomes an image as it is, under the slug’s name, with labels and nothing more in its history', async () => {
    const { result, key, text } = await bench.build({
      Dockerfile: [
        'FROM debian:bookworm-slim AS base',
        'ENV A=1',
        'FROM base',
        'WORKDIR /srv',
        'COPY . .',
        `RUN : ${fresh()}; echo built >&2; printf unfinished`,
        'USER 1234:1234',
        'EXPOSE 8080',
        'STOPSIGNAL SIGINT',
        'HEALTHCHECK --timeout=3s CMD ["true", "a b"]',
        'ENTRYPOINT ["/bin/sh", "-c"]',
        'CMD ["echo \\"$A\\" it\'s"]',
      ].join('\n'),
      'a.txt': 'hello',
      Procfile: 'worker: cat a.txt\n',
    });
    const command = `/bin/sh -c 'echo "$A" it'\\''s'`;
    expect(result).toMatchObject({
      ok: true,
      artifact: { engine: 'docker', id: key },
      image: { command, healthcheck: { command: ['true', 'a b'], timeoutMs: 3000 } },
    });
    const image = await bench.image(key).inspect();
    expect(image.Config).toMatchObject({
      User: '1234:1234',
      WorkingDir: '/srv',
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['echo "$A" it\'s'],
      ExposedPorts: { '8080/tcp': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD', 'true', 'a b'] },
    });
    expect(image.Config.Labels).toMatchObject({
      ...bench.names.labels('slug'),
      [LABEL.key]: key,
      [LABEL.command]: command,
    });
    const history = (await bench.image(key).history()) as readonly { readonly CreatedBy: string }[];
    expect(history.map(({ CreatedBy }) => CreatedBy).join('\n')).not.toMatch(/tfk/);
    expect(history[0]?.CreatedBy).toMatch(/^CMD/);
    expect(
      await bench.run(bench.names.slugImage(key), ['/bin/sh', '-c', 'cat a.txt; echo; ls -n a.txt; ls /srv']),
    ).toMatch(/^hello\n-rw-r--r-- 1 0 0 .*\nDockerfile\nProcfile\na\.txt\n$/);
    expect(text).toMatch(/-----> \[stage-1 \d\/\d\] RUN : .*echo built/);
    expect(text).toMatch(/^ {7}built\n {7}unfinished$|^ {7}unfinished\n {7}built$/m);
    expect(text).not.toMatch(/run as root/);
    expect(await bench.tags()).toEqual([bench.names.slugImage(key)]);
  });

  test('is built again from the cache, to the same artifact', async () => {
    const files = { Dockerfile: 'FROM debian:bookworm-slim\nRUN echo once > /once\nUSER 1\nCMD ["true"]' };
    const first = await bench.build(files);
    const id = (await bench.image(first.key).inspect()).Id;
    const second = await bench.build(files);
    expect(second.text).toMatch(/RUN echo once > \/once \(cached\)/);
    expect(second.result).toEqual(first.result);
    expect((await bench.image(second.key).inspect()).Id).toBe(id);
  });

  test('may go on from an image by its id, which no registry is asked for', async () => {
    const { Id } = await bench.docker.getImage('debian:bookworm-slim').inspect();
    const { result, key } = await bench.build({ Dockerfile: `FROM ${Id}\nUSER 1\nCMD ["x"]` });
    expect(result).toMatchObject({ ok: true, image: { command: 'x' } });
    const { RootFS } = await bench.docker.getImage(Id).inspect();
    expect((await bench.image(key).inspect()).RootFS.Layers?.[0]).toBe(RootFS.Layers?.[0]);
    const missing = await bench.build({ Dockerfile: `FROM sha256:${'0'.repeat(64)}` });
    expect(missing.result).toMatchObject({
      ok: false,
      message: expect.stringMatching(/There is no image sha256:0+ on the Docker engine/) as string,
    });
  });

  test('may go on from an image of a registry by its digest', async () => {
    const { Arch } = await bench.docker.version();
    const registry = await OneImageRegistry.start(Arch);
    onTestFinished(() => registry.stop());
    const files = { Dockerfile: `FROM ${registry.reference}\nUSER 1\nLABEL a=b` };
    const first = await bench.build(files);
    onTestFinished(() => bench.docker.getImage(registry.reference).remove({ force: true }) as Promise<void>);
    expect(first.text).toContain(`Pulling ${registry.reference}`);
    expect(first.result).toMatchObject({ ok: true, image: { command: '/from-the-registry' } });
    await registry.stop();
    const second = await bench.build({ ...files, 'a-file': '' });
    expect([second.text.includes('Pulling'), second.result]).toMatchObject([false, { ok: true }]);
  });

  test('is not given what .dockerignore names, nor who owned the files', async () => {
    const { key } = await bench.build({
      Dockerfile: 'FROM debian:bookworm-slim\nWORKDIR /a\nCOPY . .\nUSER 1\n',
      'Dockerfile.dockerignore': '**/*.secret\ntmp\n!tmp/keep\nDockerfile\n',
      '.dockerignore': '*\n',
      'x.secret': '',
      'a/b/y.secret': '',
      'a/b/c': '',
      'tmp/junk': '',
      'tmp/keep/this': '',
    });
    const listed = await bench.run(bench.names.slugImage(key), [
      '/bin/sh',
      '-c',
      'cd /a && find . -type f | sort',
    ]);
    expect(listed.split('\n')).toEqual(
      expect.arrayContaining(['./Dockerfile.dockerignore', './a/b/c', './tmp/keep/this']),
    );
    expect(listed).not.toMatch(/secret\n|junk/);
  });

  test('that asks for root, or says nothing, is warned of', async () => {
    const silent = await bench.build({ Dockerfile: 'FROM debian:bookworm-slim\nRUN true' });
    expect(silent.text).toMatch(/ ! {5}Dockerfile has no USER line: its dynos run as root/);
    const asking = await bench.build({ Dockerfile: 'FROM debian:bookworm-slim\nUSER root' });
    expect(asking.text).not.toMatch(/has no USER line/);
    expect(silent.result.ok && asking.result.ok).toBe(true);
  });

  test('with a `# syntax=` line is built where that cannot be fetched', async () => {
    const { result, text } = await bench.build({
      Dockerfile: `# syntax=docker/dockerfile:1.99\nFROM debian:bookworm-slim\nRUN : ${fresh()}; echo here\nUSER 1`,
    });
    expect(result).toMatchObject({ ok: true });
    expect(text).toMatch(/ {7}here/);
  });

  test('with ONBUILD keeps it for those who build on it', async () => {
    const { result, key } = await bench.build({
      Dockerfile: 'FROM debian:bookworm-slim\nONBUILD COPY nothing /nothing\nUSER 1\nCMD ["x"]',
    });
    expect(result).toMatchObject({ ok: true, image: { command: 'x' } });
    const { Config } = await bench.image(key).inspect();
    expect(Config.OnBuild).toEqual(['COPY nothing /nothing']);
    expect(Config.Labels[LABEL.command]).toBe('x');
  });

  test('gets proxy settings while it builds, and keeps no trace of them or of anything else', async () => {
    const secret = 'http://user:hidden@proxy.example:3128';
    const { result, key, text } = await bench.build(
      {
        Dockerfile: `FROM debian:bookworm-slim\nRUN : ${fresh()}; test -n "$HTTP_PROXY" && echo "with proxy" && env | grep -c TOP || true\nUSER 1`,
      },
      {
        env: {
          HTTP_PROXY: secret,
          https_proxy: secret,
          TOP_SECRET: 'hidden',
          NODE_EXTRA_CA_CERTS: '/hidden.pem',
        },
      },
    );
    expect(result.ok).toBe(true);
    expect(text).toMatch(/with proxy\n {7}0/);
    const kept = JSON.stringify([await bench.image(key).inspect(), await bench.image(key).history()]);
    expect(kept).not.toMatch(/hidden|proxy\.example/);
  });

  describe('by heroku.yml', () => {
    const files = {
      'heroku.yml':
        'build:\n  docker:\n    worker: {dockerfile: w/Dockerfile, target: prod}\n    web: Dockerfile\n  config: {WHO: me}\n' +
        'release: {command: ./migrate, image: worker}\nrun:\n  web: serve\n',
      Dockerfile: 'FROM debian:bookworm-slim\nARG WHO\nRUN echo $WHO > /who\nUSER 1\nCMD ["web"]',
      'w/Dockerfile':
        'FROM debian:bookworm-slim AS prod\nCOPY in-w /in-w\nUSER 1\nCMD ["work", "it"]\nFROM prod\nRUN false',
      'w/in-w': 'here',
    };

    test('makes several images, each under the names of the process types that run in it', async () => {
      const { result, key } = await bench.build(files);
      expect(result).toMatchObject({ ok: true, image: { command: 'web' } });
      expect(await bench.run(bench.names.slugImage(key), ['cat', '/who'])).toBe('me\n');
      expect(await bench.run(bench.names.slugImage(key, 'worker'), ['cat', '/in-w'])).toBe('here');
      const worker = await bench.image(key, 'worker').inspect();
      expect(worker.Config.Labels[LABEL.command]).toBe('work it');
      expect((await bench.image(key, 'release').inspect()).Id).toBe(worker.Id);
    });

    test('leaves none of them where one fails', async () => {
      const before = await bench.tags();
      const { result } = await bench.build({
        ...files,
        Dockerfile: 'FROM debian:bookworm-slim\nCOPY nope /',
      });
      expect(result).toMatchObject({ ok: false, reason: 'command' });
      expect(await bench.tags()).toEqual(before);
    });
  });

  test('has a runtime that changes with its base images', async () => {
    const { plan } = bench.request(bench.source({ Dockerfile: 'FROM a\nCOPY --from=b / /' }), {}, {
      lines: [],
    } as never);
    const withBases = (...bases: string[]) =>
      bench.builder().runtimeOf({ ...plan, images: plan.images.map((image) => ({ ...image, bases })) });
    const same = await withBases('debian:bookworm-slim');
    expect(await withBases('debian:bookworm-slim')).toBe(same);
    expect(await withBases('node:20-slim')).not.toBe(same);
    expect(await withBases('tfk-none:here')).not.toBe(same);
  });
});
