import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LABEL } from '../../../daemon/engines/docker/names.js';
import { aPlan, aRequest, aSource, tempFolder } from '../../integration/build/support.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../../support/docker.js';
import { aHome, aLayeredPlan, artifactOf } from './support.js';

await describeDocker('Collecting garbage on Docker', (engine) => {
  const { docker } = engine;

  test('keeps what the kept artifacts need, and removes the others', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const plan = aLayeredPlan('true');
    const kept = artifactOf(await builder.build(aRequest(aSource({ lock: '1' }), { plan })));
    const other = artifactOf(await builder.build(aRequest(aSource({ lock: '2' }), { plan })));
    expect(await builder.collectGarbage([kept])).toBeGreaterThan(0);
    expect(await builder.hasArtifact(kept)).toBe(true);
    expect(await builder.hasArtifact(other)).toBe(false);
    const again = aRequest(aSource({ lock: '1', more: 'x' }), { plan });
    artifactOf(await builder.build(again));
    expect(again.output.text).not.toContain('installed');
    const renewed = aRequest(aSource({ lock: '2', more: 'x' }), { plan });
    artifactOf(await builder.build(renewed));
    expect(renewed.output.text).toContain('installed');
  });

  test('leaves nothing but caches where nothing is kept, and builds a removed slug again', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const request = () => aRequest(source, { plan: aLayeredPlan('true') });
    const source = aSource({ lock: '1' });
    const first = artifactOf(await builder.build(request()));
    await builder.collectGarbage([]);
    const cache = `volume ${home.names.cacheVolume('app-1', 'home')}`;
    expect(await leftoversOf(docker, home.names)).toEqual([cache]);
    expect(artifactOf(await builder.build(request()))).toEqual(first);
    expect(await builder.hasArtifact(first)).toBe(true);
  });

  test('never touches what another home made, nor what has no label', async () => {
    const [home, other] = [aHome(engine), aHome(engine)];
    const source = aSource({ Procfile: 'web: true' });
    const theirs = artifactOf(await other.open().build(aRequest(source)));
    artifactOf(await home.open().build(aRequest(source)));
    const before = await leftoversOf(docker, other.names);
    const foreign = freshNames().slugImage('0'.repeat(64));
    const [repo = '', tag = ''] = foreign.split(':');
    await docker.getImage('node:20-slim').tag({ repo, tag });
    try {
      await home.open().collectGarbage([]);
      expect(await other.open().hasArtifact(theirs)).toBe(true);
      expect(await leftoversOf(docker, other.names)).toEqual(before);
      expect(await docker.getImage(foreign).inspect()).toBeDefined();
    } finally {
      await docker.getImage(foreign).remove();
    }
  });

  test('leaves users their names of slugs, and what they made from them', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const tagged = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: true' }))));
    const extended = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: false' }))));
    const [repo, tag] = [`user-${home.names.home}`, 'mine'];
    await docker.getImage(home.names.slugImage(tagged.id)).tag({ repo, tag });
    const container = await docker.createContainer({
      Image: home.names.slugImage(extended.id),
      Labels: home.names.labels('dyno'),
      Cmd: ['their own'],
    });
    const nameless = ((await container.commit()) as { Id: string }).Id;
    await container.remove();
    await builder.collectGarbage([]);
    expect(await builder.hasArtifact(tagged)).toBe(false);
    expect(await builder.hasArtifact(extended)).toBe(false);
    expect(await docker.getImage(`${repo}:${tag}`).inspect()).toBeDefined();
    expect(await docker.getImage(nameless).inspect()).toBeDefined();
    await home.open().recover();
    expect(await docker.getImage(nameless).inspect()).toBeDefined();
  });

  test('removes images that only an ended build needed', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const artifact = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: true' }))));
    const container = await docker.createContainer({ Image: home.names.slugImage(artifact.id) });
    const repo = `tfk-${home.names.home}/build`;
    const labels = Object.entries(home.names.labels('build'));
    const changes = labels.map(([name, value]) => `LABEL ${name}=${value}`).join('\n');
    await container.commit({ repo, tag: 'ended-0', changes });
    await container.remove();
    await builder.collectGarbage([artifact]);
    const left = await leftoversOf(docker, home.names);
    expect(left).toEqual([`image ${home.names.slugImage(artifact.id)}`]);
  });

  test('takes a slug of several images whole, and for none when one is gone', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const image = (name: string) => ({
      name,
      context: '',
      dockerfile: 'Dockerfile',
      target: null,
      args: { WHO: name },
      serves: [name],
      command: null,
      bases: ['debian:bookworm-slim'],
    });
    const plan = aPlan([], { steps: [], images: [image('web'), image('worker')] });
    const Dockerfile = 'FROM debian:bookworm-slim\nARG WHO\nLABEL who=$WHO\nUSER 1';
    const request = () => aRequest(source, { plan });
    const source = aSource({ Dockerfile });
    const artifact = artifactOf(await builder.build(request()));
    await builder.collectGarbage([artifact]);
    expect(await builder.hasArtifact(artifact)).toBe(true);
    await docker.getImage(home.names.slugImage(artifact.id, 'worker')).remove();
    expect(await builder.hasArtifact(artifact)).toBe(false);
    expect(artifactOf(await builder.build(request())).id).toBe(artifact.id);
    expect(await builder.hasArtifact(artifact)).toBe(true);
    await builder.collectGarbage([]);
    expect(await leftoversOf(docker, home.names)).toEqual([]);
  });

  test('builds all anew after a purge', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const source = aSource({ lock: '1' });
    const request = () => aRequest(source, { plan: aLayeredPlan('true') });
    const first = artifactOf(await builder.build(request()));
    await builder.collectGarbage([first]);
    expect(artifactOf(await home.open().build(request()))).toEqual(first);
    await builder.purgeCache('app-1');
    const again = request();
    expect(artifactOf(await builder.build(again)).id).not.toBe(first.id);
    expect(again.output.text).toContain('installed');
  });

  test('keeps the image of a container, whatever the releases say', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const artifact = artifactOf(await builder.build(aRequest(aSource({ Procfile: 'web: true' }))));
    const container = await docker.createContainer({
      Image: home.names.slugImage(artifact.id),
      Labels: { [LABEL.home]: home.names.home, [LABEL.kind]: 'dyno' },
    });
    await builder.collectGarbage([]);
    expect(await builder.hasArtifact(artifact)).toBe(true);
    await container.remove();
    await builder.collectGarbage([]);
    expect(await builder.hasArtifact(artifact)).toBe(false);
  });

  test('leaves alone what a running build has found or made', async () => {
    const home = aHome(engine);
    const builder = home.open();
    const source = aSource({ lock: '1' });
    artifactOf(await builder.build(aRequest(source, { plan: aLayeredPlan('true') })));
    const waiting = 'echo waiting; until [ -e /tmp/go ]; do sleep 0.05; done';
    const request = aRequest(source, { plan: aLayeredPlan(waiting) });
    const build = builder.build(request);
    await expect.poll(() => request.output.text, { timeout: 20_000 }).toContain('waiting');
    await builder.collectGarbage([]);
    const filters = { label: home.names.filter('build') };
    const [running] = await docker.listContainers({ filters });
    const exec = await docker.getContainer(running?.Id ?? '').exec({ Cmd: ['touch', '/tmp/go'] });
    await exec.start({ Detach: true });
    expect(await builder.hasArtifact(artifactOf(await build))).toBe(true);
    expect(request.output.text).not.toContain('installed');
  });

  test('forgets the caches of an app on demand, and of one that has not been built for long', async () => {
    const home = aHome(engine);
    const folder = tempFolder();
    const builder = home.open({ home: folder });
    const caches = async () =>
      (await leftoversOf(docker, home.names)).filter((thing) => thing.startsWith('volume'));
    const write = ['/bin/sh', '-c', 'cat $CACHE/x; echo kept > $CACHE/x'] as const;
    const plan = aPlan([], {
      steps: aPlan([write]).steps.map((step) => ({ ...step, caches: { tool: 'CACHE' } })),
    });
    const build = async (file: string) => {
      const request = aRequest(aSource({ file }), { plan });
      artifactOf(await builder.build(request));
      return request.output.lines.includes('       kept');
    };
    expect([await build('1'), await build('2')]).toEqual([false, true]);
    await builder.purgeCache('app-1');
    expect(await caches()).toEqual([]);
    expect(await build('3')).toBe(false);
    await builder.collectGarbage([]);
    expect(await caches()).toHaveLength(2);
    const longAgo = new Date(Date.now() - 40 * 24 * 60 * 60_000);
    utimesSync(join(folder, 'cache', 'docker', 'app-1'), longAgo, longAgo);
    await builder.collectGarbage([]);
    expect(await caches()).toEqual([]);
    await removeAllOf(docker, home.names);
  });
});
