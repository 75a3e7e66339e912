import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OciImage } from '../../../api/oci-images.js';
import type { Release } from '../../../api/releases.js';
import { entry, tar } from '../../integration/build/tarball.js';
import { describeDocker, removeAllOf } from '../../support/docker.js';
import { namesOf } from '../../support/engine-under-test.js';
import { aSmallApp, Installation } from '../../support/installation.js';

await describeDocker('Images of the engine', ({ docker }) => {
  const tfk = new Installation({ TFK_ENGINE: 'docker' });
  const tags: string[] = [];
  let token = '';

  /** As `docker build -t TAG .` does it. Answers its id. */
  async function build(tag: string, text: string): Promise<string> {
    const dockerfile = 'FROM node:20-slim\nWORKDIR /srv\nCOPY . .\nUSER 1000\nCMD ["node", "web.js"]\n';
    const files = Object.entries({ ...aSmallApp(text), Dockerfile: dockerfile });
    const context = tar(...files.map(([name, content]) => entry({ name, content })));
    const answer = await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: tag });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(answer, (error) => (error ? reject(error) : resolve()));
    });
    tags.push(tag);
    return (await docker.getImage(tag).inspect()).Id;
  }

  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const reply = await fetch(`http://127.0.0.1:${tfk.running.apiPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    expect(reply.status, await reply.clone().text()).toBeLessThan(300);
    return (await reply.json()) as T;
  }

  const running = async (): Promise<Docker.ContainerInfo[]> =>
    (await docker.listContainers({ filters: { label: namesOf(tfk).filter('dyno') } })).filter(
      ({ State }) => State === 'running',
    );

  beforeAll(async () => {
    await tfk.ok('apps:create', 'shop');
    token = (await tfk.ok('auth:token')).trim();
  });
  afterAll(async () => {
    await tfk.remove();
    await removeAllOf(docker, namesOf(tfk));
    for (const tag of tags) await docker.getImage(tag).remove({ force: true });
  });

  it('are released by their digest, each process type with its command', async () => {
    const digest = await build('tfk-test-images/one:1', 'by digest');
    const image = await ask<OciImage>('POST', '/apps/shop/oci-images', {
      digest,
      commit: '1a2b3c4',
      process_types: {
        web: { command: 'node web.js' },
        worker: { command: 'node worker.js', working_dir: '/srv' },
      },
    });
    expect(image.architecture).toBe((await docker.version()).Arch);
    const release = await ask<Release>('POST', '/apps/shop/releases', { oci_image: image.id });
    expect(release.description).toBe('Deploy 1a2b3c4');
    await tfk.ok('scale', 'worker=1', '-a', 'shop');
    await tfk.ok('ps:wait', '-a', 'shop');
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'by digest' });
    const commands = (await running()).map(({ Labels }) => Labels['tfk.dyno']).sort();
    expect(commands).toEqual(['web.1', 'worker.1']);
    expect(await tfk.ok('ps', '-a', 'shop')).toMatch(/worker .*cd \/srv && node worker\.js/);
  });

  it('run on when their own names are gone', async () => {
    await docker.getImage('tfk-test-images/one:1').remove();
    tags.pop();
    await tfk.ok('ps:restart', '-a', 'shop');
    await tfk.ok('ps:wait', '-a', 'shop');
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'by digest' });
  });

  it('take the place of one type’s, by container:release, and the others keep theirs', async () => {
    await build('registry.heroku.com/shop/web', 'of the second image');
    const told = await tfk.ok('container:release', 'web', '-a', 'shop');
    expect(told).toMatch(/^v\d+ is live after .* at http:\/\/shop\.localhost/);
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'of the second image' });
    const images = (await running()).map(({ Labels, ImageID }) => [Labels['tfk.dyno'], ImageID]).sort();
    expect(images.map(([dyno]) => dyno)).toEqual(['web.1', 'worker.1']);
    expect(images[0]?.[1]).not.toBe(images[1]?.[1]);
    expect(await tfk.ok('releases', '-a', 'shop')).toMatch(/Deployed web \([0-9a-f]{12}\)/);
  });

  it('of no such name are refused, and what runs stays', async () => {
    const refused = await tfk.tfk('container:release', 'web=no-such-image:1', '-a', 'shop');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('There is no image "no-such-image:1" on the Docker engine');
    expect(refused.stderr).toContain('docker pull no-such-image:1');
    expect(await tfk.get('shop')).toMatchObject({ status: 200, body: 'of the second image' });
  });
});
