import { afterAll, expect, it } from 'vitest';
import type { Release } from '../../../api/releases.js';
import type { Slug } from '../../../api/slugs.js';
import { describeDocker, leftoversOf, removeAllOf } from '../../support/docker.js';
import { namesOf } from '../../support/engine-under-test.js';
import { aSmallApp, Installation } from '../../support/installation.js';

await describeDocker('A slug on Docker', ({ docker }) => {
  const tfk = new Installation({ TFK_ENGINE: 'docker' });
  let token = '';
  afterAll(async () => {
    const names = namesOf(tfk);
    await tfk.remove();
    await removeAllOf(docker, names);
    expect(await leftoversOf(docker, names)).toEqual([]);
  });

  async function ask(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${tfk.running.apiPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  async function slugOf(app: string): Promise<Slug> {
    const [release] = ((await (await ask('GET', `/apps/${app}/releases`)).json()) as Release[]).filter(
      ({ current }) => current,
    );
    return (await ask('GET', `/apps/${app}/slugs/${release?.slug?.id ?? ''}`)).json() as Promise<Slug>;
  }

  it('is taken out of its image as a tarball, and goes into another', async () => {
    await tfk.ok('push', tfk.source('built', aSmallApp('built on Docker')), '--name', 'built');
    await tfk.ok('apps:create', 'moved');
    token = (await tfk.ok('auth:token')).trim();
    const { blob, process_types } = await slugOf('built');
    const fetched = await fetch(blob.url);
    expect(fetched.status, await fetched.clone().text()).toBe(200);
    const tarball = Buffer.from(await fetched.arrayBuffer());
    const announced = (await (await ask('POST', '/apps/moved/slugs', { process_types })).json()) as Slug;
    const put = await fetch(announced.blob.url, { method: 'PUT', body: tarball });
    expect([put.status, await put.text()]).toEqual([200, '{}']);
    expect((await ask('POST', '/apps/moved/releases', { slug: announced.id })).status).toBe(201);
    await expect.poll(async () => (await tfk.get('moved')).body, { timeout: 60_000 }).toBe('built on Docker');
    const filters = { label: namesOf(tfk).filter('build') };
    await expect.poll(() => docker.listContainers({ all: true, filters }), { timeout: 10_000 }).toEqual([]);
  });

  it('that is an image of a Dockerfile is refused, with how to take the image', async () => {
    const Dockerfile = 'FROM node:20-slim\nWORKDIR /srv\nCOPY . .\nUSER 1000\nCMD ["node", "web.js"]\n';
    await tfk.ok('push', tfk.source('imaged', aSmallApp('imaged', { Dockerfile })), '--name', 'imaged');
    const { blob } = await slugOf('imaged');
    const refused = await fetch(blob.url);
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringMatching(/an image of a Dockerfile, not a folder \.\/app.*docker save tfk-\w+\/slug:/),
    ]);
  });
});
