import type Docker from 'dockerode';
import Dockerode from 'dockerode';
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import type { DockerClient } from '../../../daemon/engines/docker/client.js';
import { describeDocker } from '../../support/docker.js';
import { ForwardedDocker } from '../../support/forwarded-docker.js';
import { Bench, RecordedOutput } from './support.js';

const FROM = 'FROM debian:bookworm-slim\n';

await describeDocker('A Dockerfile that cannot be built', (testDocker) => {
  const bench = new Bench(testDocker);
  const away = new Bench(testDocker);
  const classic = new Bench(testDocker);
  classic.client = withoutBuildKit(testDocker.client);
  const { docker } = testDocker;

  const failing = async (dockerfile: string, message: RegExp, reason = 'command') => {
    const { result } = await bench.build({ Dockerfile: dockerfile, '.dockerignore': 'hidden', hidden: '' });
    expect(result).toMatchObject({ ok: false, reason, message: expect.stringMatching(message) as string });
    expect(await bench.tags()).toEqual([]);
  };

  test.each([
    [
      'a command that fails',
      `${FROM}RUN echo before\nRUN sh -c "exit 7"`,
      /RUN sh -c "exit 7" exited with status 7\.$/,
    ],
    [
      'an instruction that there is not',
      `${FROM}\nRUNN x`,
      /^Dockerfile line 3: .*unknown instruction: RUNN/i,
    ],
    [
      'a syntax of later',
      `${FROM}COPY --link . /x`,
      /^Dockerfile line 2: unknown flag: link.*needs a later Docker/i,
    ],
    ['a file that is not there', `${FROM}COPY nope /x`, /COPY nope \/x: there is no \/nope in the source/],
    ['a file that is ignored', `${FROM}COPY hidden /x`, /there is no \/hidden .*\.dockerignore/],
    ['a program that is not there', `${FROM}RUN ["/nothing"]`, /RUN \["\/nothing"\]/],
    ['another machine’s image', `FROM --platform=linux/s390x debian:bookworm-slim\nRUN true`, /s390x/],
  ])('for %s: the reason is told, and nothing stays', (_, dockerfile, message) =>
    failing(dockerfile, message),
  );

  test('for a base image that is nowhere: it is told how to get it', () =>
    failing(
      'FROM localhost:1/nobody/has:this\n',
      /image localhost:1\/nobody\/has:this .*docker load/,
      'runtime',
    ));

  test('for a base image of another architecture: it is refused', async () => {
    const ref = `tfk-${bench.names.home}/other:arch`;
    await loadFor(docker, ref, 's390x');
    try {
      await failing(`FROM ${ref}\nRUN true`, /is for s390x, and this Docker engine runs/, 'runtime');
    } finally {
      await docker.getImage(ref).remove();
    }
  });

  test('that hangs is ended at its time, and its processes with it', async () => {
    const seconds = 100_000 + Math.floor(Math.random() * 100_000);
    const { result } = await bench.build({ Dockerfile: `${FROM}RUN sleep ${seconds}` }, { timeoutMs: 3_000 });
    expect(result).toMatchObject({
      ok: false,
      reason: 'timeout',
      message: expect.stringMatching(/longer than 3 s/) as string,
    });
    await expect.poll(() => processesOf(`sleep ${seconds}`), { timeout: 10_000 }).toEqual([]);
    expect(await bench.tags()).toEqual([]);
  });

  test('and is cancelled ends at once, and its processes with it', async () => {
    const seconds = 100_000 + Math.floor(Math.random() * 100_000);
    const cancel = new AbortController();
    const output = new RecordedOutput();
    const building = bench.build(
      { Dockerfile: `${FROM}RUN echo started && sleep ${seconds}` },
      { signal: cancel.signal, output },
    );
    await Promise.race([output.until(/ {7}started/), building]);
    cancel.abort();
    expect((await building).result).toMatchObject({ ok: false, reason: 'cancelled' });
    await expect.poll(() => processesOf(`sleep ${seconds}`), { timeout: 10_000 }).toEqual([]);
    expect(await bench.tags()).toEqual([]);
  });

  test('for an image larger than a slug may be: both figures are told, and nothing stays', async () => {
    const build = (megabytes: number) =>
      bench.build(
        { Dockerfile: `${FROM}RUN head -c ${megabytes}m /dev/zero > /x\nUSER 1` },
        { slugBytes: 2 * 1024 * 1024 },
      );
    expect((await build(3)).result).toMatchObject({
      ok: false,
      reason: 'limit',
      message: expect.stringMatching(/3\.0 MB.*2\.0 MB/) as string,
    });
    expect(await bench.tags()).toEqual([]);
    // What its base image has does not count.
    const small = await build(1);
    expect(small.result).toMatchObject({ ok: true });
    await bench.image(small.key).remove();
  });

  test('before it began is not begun', async () => {
    const { result, output } = await bench.build({ Dockerfile: FROM }, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(output.lines).toEqual([]);
  });

  test('and prints 1 GB loses lines, which is said, and does not keep tfkd busy', async () => {
    const { result, output } = await bench.build(
      { Dockerfile: `${FROM}RUN echo ${Date.now()}; yes ${'x'.repeat(79)} | head -c 1000000000\nUSER 1` },
      { outputBytes: 100 * 1024 * 1024 },
    );
    expect(result).toMatchObject({ ok: true });
    expect(output.lines).toContainEqual(expect.stringMatching(/prints faster than Docker’s builder takes/));
    expect(output.lines.length).toBeLessThan(100_000);
  });

  test('and prints more than it may is ended', async () => {
    const { result } = await bench.build(
      { Dockerfile: `${FROM}RUN echo ${Date.now()}; while :; do echo ${'x'.repeat(79)}; sleep 0.001; done` },
      { outputBytes: 10_000 },
    );
    expect(result).toMatchObject({
      ok: false,
      reason: 'limit',
      message: expect.stringMatching(/printed more than/) as string,
    });
  });

  test('since Docker went away in the middle fails for want of it', async () => {
    const forwarded = await ForwardedDocker.create();
    await forwarded.open();
    const through = new Dockerode({ socketPath: forwarded.path });
    away.client = { host: () => testDocker.client.host(), api: () => Promise.resolve(through) };
    const output = new RecordedOutput();
    const building = away.build({ Dockerfile: `${FROM}RUN echo started; sleep 1000` }, { output });
    await Promise.race([output.until(/ {7}started/), building]);
    await forwarded.close();
    await expect(building).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringMatching(/in the middle/) as string,
    });
    expect(await away.tags()).toEqual([]);
  });

  test('on an engine without BuildKit removes no image whose id it prints', async () => {
    const id = await aNamelessImage(docker);
    try {
      const printed = id.slice('sha256:'.length, 'sha256:'.length + 12);
      const { result } = await classic.build({
        Dockerfile: `${FROM}RUN echo ${Date.now()}; echo ' ---> ${printed}'; exit 3`,
      });
      expect(result).toMatchObject({ ok: false });
      expect(await docker.getImage(id).inspect()).toMatchObject({ Id: id });
    } finally {
      await docker.getImage(id).remove({ noprune: true });
    }
  });

  test('on an engine without BuildKit is built by the classic one, within limits', async () => {
    const good = { Dockerfile: `${FROM}RUN echo hello ${Date.now()}\nUSER 1\nCMD ["x"]`, 'a/b': '' };
    const { result, text: told, key } = await classic.build(good);
    expect(result).toMatchObject({ ok: true, image: { command: 'x' } });
    expect(told).toMatch(/no BuildKit.*\n(.*\n)*-----> \[2\/\d\] RUN echo hello.*\n {7}hello/);
    const { Config } = await classic.image(key).inspect();
    expect(Config.Labels).toMatchObject({ 'tfk.command': 'x', 'tfk.kind': 'slug' });
    const bad = await classic.build({ Dockerfile: `${FROM}RUN exit 3` });
    expect(bad.result).toMatchObject({
      ok: false,
      message: expect.stringMatching(/RUN exit 3 exited with status 3/) as string,
    });
    const hungry = await classic.build({
      Dockerfile: `${FROM}RUN head -c 900000000 /dev/zero | tail -c 900000000 > /dev/null`,
    });
    expect(hungry.result).toMatchObject({
      ok: false,
      message: expect.stringMatching(/status 137: it was killed, for want of memory/) as string,
    });
  });
});

/** An image as a stranger's build leaves it, without a name or a label. */
async function aNamelessImage(docker: Docker): Promise<string> {
  const container = await docker.createContainer({ Image: 'debian:bookworm-slim', Cmd: [randomUUID()] });
  try {
    return ((await container.commit()) as { Id: string }).Id;
  } finally {
    await container.remove();
  }
}

/** Command lines on this machine. */
async function processesOf(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' ').trim()).filter((line) => line === text);
}

/** An image that says it is for another machine. */
async function loadFor(docker: Docker, ref: string, architecture: string): Promise<void> {
  const files = pack();
  files.entry({ name: 'bin/sh', mode: 0o755 }, 'nothing that runs');
  files.finalize();
  const layer = await buffer(files);
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  });
  const image = pack();
  image.entry({ name: 'config.json' }, config);
  image.entry({ name: 'layer.tar' }, layer);
  const manifest = [{ Config: 'config.json', RepoTags: [ref], Layers: ['layer.tar'] }];
  image.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  image.finalize();
  await text(await docker.loadImage(image as unknown as NodeJS.ReadableStream));
}

/** An engine that answers as one does which has no BuildKit. */
function withoutBuildKit(client: DockerClient): DockerClient {
  return {
    host: () => client.host(),
    api: async () => {
      const docker = await client.api();
      const refusing: Docker = Object.create(docker) as Docker;
      refusing.buildImage = ((file: NodeJS.ReadableStream, options: Docker.ImageBuildOptions) =>
        options.version === '2'
          ? Promise.reject(Object.assign(new Error('buildkit is not supported'), { statusCode: 500 }))
          : docker.buildImage(file, options)) as Docker['buildImage'];
      return refusing;
    },
  };
}
