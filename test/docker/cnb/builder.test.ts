import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { shellOf } from '../../../daemon/engines/docker/dynos/command.js';
import { quote } from '../../../daemon/engines/launch/quote.js';
import { aRequest, aSource, writeFiles } from '../../integration/build/support.js';
import { describeDocker, leftoversOf, type TestDocker } from '../../support/docker.js';
import { aHome, artifactOf, expectNothingRunning, sharedHome } from '../build/support.js';
import { aBuilder, commit, type Lifecycle, type TestBuilder } from './support.js';

const SERVER =
  'const { COLOUR, FROM_EXEC_D, FROM_PROFILE } = process.env; console.log(COLOUR, FROM_EXEC_D, FROM_PROFILE);';
const APP = { 'deps.lock': 'one', 'server.js': SERVER };
const OFFICIAL = 'buildpacksio/lifecycle:0.21.0';

function suite({ docker, client }: TestDocker, lifecycle: Lifecycle): void {
  let images: TestBuilder;
  beforeAll(async () => {
    images = await aBuilder(docker, lifecycle);
  });
  afterAll(() => images.remove());
  const home = sharedHome({ docker, client });
  const builder = home.open();

  const request = (source: string, config: Record<string, string> = {}, appId = 'app-1') => {
    const context = { config: { TFK_BUILDER: images.builder }, images: true };
    const plan = choosePlanner(sourceTree(source), context).plan(sourceTree(source), context);
    return aRequest(source, { plan, config, appId });
  };

  test('builds an image that starts in the environment of its buildpacks, and keeps their layers for the next', async () => {
    const source = aSource({ ...APP, 'project.toml': '[[build.env]]\nname = "COLOUR"\nvalue = "blue"\n' });
    const first = request(source, { SECRET: 'hunter2' });
    const result = await builder.build(first);
    expect(first.output.text).toContain('-----> Deps as 1234, secret of 7 characters, colour blue');
    const artifact = artifactOf(result);
    const ids = [images.builder, images.run].map(async (tag) => (await docker.getImage(tag).inspect()).Id);
    expect(await builder.runtimeOf(first.plan)).toBe((await Promise.all(ids)).join(' '));
    expect(result).toMatchObject({
      release: { processTypes: { web: '/cnb/process/web', worker: '/cnb/process/worker' } },
    });
    const tag = home.names.slugImage(artifact.id);
    const image = await docker.getImage(tag).inspect();
    expect(image.Config).toMatchObject({
      User: '1235:1300',
      WorkingDir: '/workspace',
      Entrypoint: ['/cnb/process/web'],
    });
    // Nothing of the build environment: not in its settings, history or files.
    expect(JSON.stringify([image, await docker.getImage(tag).history()])).not.toContain('hunter2');
    const look =
      'grep -rl hunter2 /workspace /layers /cnb /platform /tfk-build 2>/dev/null; ls /layers/test_deps; cat /layers/test_deps/*/made built.txt; stat -c %u:%g built.txt';
    const seen = (await home.inSlug(artifact, look)).split('\n');
    expect(seen.slice(0, 2)).toEqual(['deps', 'unseen']);
    expect(seen.slice(4)).toEqual(['built', '1234:1300', '']);

    expect(await home.inSlug(artifact, '/cnb/process/web')).toBe('red yes yes\n');
    const command = 'echo "$COLOUR $FROM_EXEC_D $FROM_PROFILE $(tool)"; cd /; pwd';
    const started = shellOf({ command, terminal: null }, { launching: 'launcher' });
    expect(await home.inSlug(artifact, started.map(quote).join(' '))).toBe('red yes yes from the layer\n/\n');

    writeFiles(source, { 'server.js': `${SERVER}//` });
    const second = request(source, { SECRET: 'hunter2' });
    const other = artifactOf(await builder.build(second));
    expect(other.id).not.toBe(artifact.id);
    expect(second.output.text).toMatch(/Restored from the cache: test_deps\/deps/);
    expect(second.output.text).toMatch(/deps are reused, keeping .*/);
    expect((await home.inSlug(other, look)).split('\n')).toEqual(seen);
    const { RootFS: mine } = await docker.getImage(home.names.slugImage(other.id)).inspect();
    // All but the app itself is one layer that both have.
    expect(mine.Layers?.slice(0, -1)).toEqual(image.RootFS.Layers?.slice(0, -1));

    const again = request(source, { SECRET: 'hunter2' });
    expect(artifactOf(await builder.build(again))).toEqual(other);
    expect(again.output.text).not.toContain('Detecting');

    writeFiles(source, { 'deps.lock': 'two' });
    const changed = artifactOf(await builder.build(request(source, { SECRET: 'hunter2' })));
    const anew = (await home.inSlug(changed, look)).split('\n');
    expect(anew[2]).not.toBe(seen[2]);
    expect(anew[3]).not.toBe(seen[3]);

    await expect(builder.pack(other)).rejects.toThrow(/This slug is an image of a builder/);
    await builder.collectGarbage([other]);
    expect(await builder.hasArtifact(changed)).toBe(false);
    expect((await home.inSlug(other, look)).split('\n')).toEqual(seen);
    await builder.collectGarbage([]);
    const left = await leftoversOf(docker, home.names);
    expect(left.filter((thing) => !thing.startsWith('volume'))).toEqual([]);
  });

  test('says which buildpacks do not take the source, and what they say of it', async () => {
    const asked = request(aSource({ 'server.js': '' }));
    const result = await builder.build(asked);
    expect(result).toMatchObject({ ok: false, reason: 'detect' });
    expect(result.ok ? '' : result.message).toContain('It tried: test/deps + test/web.');
    expect(asked.output.text).toContain('test/deps needs a file deps.lock');
    await expectNothingRunning(home);
  });

  test('says that a buildpack failed, shows why, and leaves the layers of the last build for the next', async () => {
    const source = aSource(APP);
    artifactOf(await builder.build(request(source, {}, 'app-2')));
    writeFiles(source, { 'fail-build': '' });
    const asked = request(source, {}, 'app-2');
    const result = await builder.build(asked);
    expect(result).toMatchObject({ ok: false, reason: 'command' });
    expect(result.ok ? '' : result.message).toMatch(/A buildpack of the builder .* failed/);
    expect(asked.output.text).toContain('deps cannot be built');
    const mended = aSource({ ...APP, other: '' });
    const after = request(mended, {}, 'app-2');
    artifactOf(await builder.build(after));
    expect(after.output.text).toContain('deps are reused');
    await expectNothingRunning(home);
  });

  test('is ended when its time is over, with all that it has begun', async () => {
    const slow = request(aSource({ ...APP, 'slow-build': '' }), {}, 'app-4');
    const limited = { ...slow, limits: { ...slow.limits, timeoutMs: 4_000 } };
    expect(await builder.build(limited)).toMatchObject({ ok: false, reason: 'timeout' });
    await expectNothingRunning(home);
  });

  test('is given what project.toml leaves of the source', async () => {
    const project = '[_]\nschema-version = "0.2"\n[io.buildpacks]\nexclude = ["*.md", "docs/"]\n';
    const source = aSource({ ...APP, 'project.toml': project, 'a.md': '', 'docs/b': '', 'lib/c': '' });
    const artifact = artifactOf(await builder.build(request(source, {}, 'app-3')));
    const seen = await home.inSlug(artifact, 'ls');
    expect(seen.split('\n')).toEqual(['built.txt', 'deps.lock', 'lib', 'project.toml', 'server.js', '']);
  });
}

await describeDocker('A builder whose lifecycle is of scripts', (engine) => {
  suite(engine, 'scripted');
});

await describeDocker('An image that is no builder', ({ docker, client }) => {
  const home = sharedHome({ docker, client });
  const planned = (image: string) => {
    const source = aSource(APP);
    const context = { config: { TFK_BUILDER: image }, images: true };
    return { source, plan: choosePlanner(sourceTree(source), context).plan(sourceTree(source), context) };
  };
  const builds = async (image: string) => {
    const { source, plan } = planned(image);
    const result = await home.open().build(aRequest(source, { plan }));
    return result.ok ? '' : `${result.message} ${result.hint ?? ''}`;
  };

  test('is refused with what it lacks', async () => {
    expect(await builds('debian:bookworm-slim')).toMatch(
      /^TFK_BUILDER names the builder debian:bookworm-slim, but that image is no builder: it has no label io\.buildpacks\.builder\.metadata\. .*pack builder create/,
    );
    const tag = 'tfk-test-no-builder:1';
    const metadata = {
      stack: { runImage: { image: 'debian:bookworm-slim' } },
      lifecycle: { api: { platform: '0.12' } },
    };
    const Env = ['CNB_USER_ID=1000', 'CNB_GROUP_ID=1000'];
    const Labels = { 'io.buildpacks.builder.metadata': JSON.stringify(metadata) };
    await commit(docker, { from: 'debian:bookworm-slim', tag, files: {}, config: { Env, Labels } });
    try {
      expect(await builds(tag)).toMatch(/it has no program \/cnb\/lifecycle\/detector/);
    } finally {
      await docker.getImage(tag).remove();
    }
  });

  test('and one that cannot be had, with why, and how to bring it', async () => {
    const { plan } = planned('localhost:1/no/builder:1');
    expect(await home.open().runtimeOf(plan)).toBe('missing localhost:1/no/builder:1');
    expect(await builds('localhost:1/no/builder:1')).toMatch(
      /^TFK_BUILDER names the builder localhost:1\/no\/builder:1, which cannot be had\. .*pulling it failed.*docker load/,
    );
    await expectNothingRunning(home);
  });
});

await describeDocker(
  `A builder with the lifecycle of ${OFFICIAL}`,
  (engine) => {
    suite(engine, { image: OFFICIAL });

    test.each(['0.7', '0.9', '0.10', '0.15'])('is spoken to by Platform API %s', async (api) => {
      const home = aHome(engine);
      const images = await aBuilder(engine.docker, { image: OFFICIAL }, api);
      onTestFinished(() => images.remove());
      const context = { config: { TFK_BUILDER: images.builder }, images: true };
      const source = aSource(APP);
      const plan = choosePlanner(sourceTree(source), context).plan(sourceTree(source), context);
      const asked = aRequest(source, { plan });
      const artifact = artifactOf(await home.open().build(asked));
      expect(asked.output.text).toContain(`Platform API ${api}`);
      expect(await home.inSlug(artifact, '/cnb/process/web')).toBe('red yes yes\n');
    });
  },
  { image: OFFICIAL },
);
