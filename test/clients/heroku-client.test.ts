import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Slug } from '../../api/slugs.js';
import { entry, tar } from '../integration/build/tarball.js';
import { aSmallApp, Installation } from '../support/installation.js';

/** What the tests use of https://www.npmjs.com/package/heroku-client, which has no types. */
interface Client {
  get(path: string): Promise<unknown>;
  post(path: string, options?: { body: unknown }): Promise<unknown>;
  patch(path: string, options: { body: unknown }): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}
type MakeClient = new (options: { host: string; token: string; logger?: unknown }) => Client;

describe('heroku-client, the SDK from npm', () => {
  const installation = new Installation();
  let client: Client;
  let MakeClient: MakeClient;
  let host = '';

  beforeAll(async () => {
    MakeClient = createRequire(import.meta.url)('heroku-client') as MakeClient;
    await installation.ok('daemon:start');
    host = `http://127.0.0.1:${installation.running.apiPort}`;
    client = new MakeClient({ host, token: (await installation.ok('auth:token')).trim() });
  });
  afterAll(() => installation.remove());

  it('makes, changes, lists and destroys', async () => {
    expect(await client.post('/apps', { body: { name: 'by-sdk' } })).toMatchObject({ name: 'by-sdk' });
    expect(await client.patch('/apps/by-sdk/config-vars', { body: { A: '1' } })).toEqual({ A: '1' });
    const releases = (await client.get('/apps/by-sdk/releases')) as { version: number }[];
    expect(releases.map(({ version }) => version).sort()).toEqual([1, 2]);
    expect(await client.delete('/apps/by-sdk/dynos')).toEqual({});
    expect(await client.delete('/apps/by-sdk')).toMatchObject({ name: 'by-sdk' });
  });

  it('follows Next-Range through a list of more than one page', async () => {
    await client.post('/apps', { body: { name: 'paged' } });
    for (let index = 0; index < 12; index += 1)
      await client.post('/apps/paged/domains', {
        body: { hostname: `h${index}.example.com`, sni_endpoint: null },
      });
    const all = (await client.get('/apps/paged/domains')) as { hostname: string }[];
    expect(all).toHaveLength(13);
  });

  it('deploys a slug that was built elsewhere', async () => {
    await client.post('/apps', { body: { name: 'slugged' } });
    const files = aSmallApp('from a slug');
    const tarball = gzipSync(
      tar(...Object.entries(files).map(([name, content]) => entry({ name: `./app/${name}`, content }))),
    );
    const { id, blob } = (await client.post('/apps/slugged/slugs', {
      body: { process_types: { web: 'node web.js' }, commit: '1a2b3c4' },
    })) as Slug;
    await expect(client.post('/apps/slugged/releases', { body: { slug: id } })).rejects.toMatchObject({
      statusCode: 422,
      body: { message: expect.stringContaining('Nothing was uploaded') as string },
    });
    expect((await fetch(blob.url, { method: blob.method, body: tarball })).status).toBe(200);
    const release = await client.post('/apps/slugged/releases', { body: { slug: id } });
    expect(release).toMatchObject({ slug: { id }, description: 'Deploy 1a2b3c4' });
    await expect
      .poll(async () => (await installation.get('slugged')).body, { timeout: 60_000 })
      .toBe('from a slug');
    const uploaded = (await client.get(`/apps/slugged/slugs/${id}`)) as Slug;
    const fetched = await fetch(uploaded.blob.url, { method: uploaded.blob.method });
    expect(Buffer.from(await fetched.arrayBuffer()).equals(tarball)).toBe(true);
  });

  it('gets Heroku’s errors', async () => {
    await expect(client.get('/apps/nowhere')).rejects.toMatchObject({
      statusCode: 404,
      body: { id: 'not_found', resource: 'app' },
    });
    const stranger = new MakeClient({ host, token: 'tfk_unknown' });
    await expect(stranger.get('/apps')).rejects.toMatchObject({
      statusCode: 401,
      body: { id: 'unauthorized' },
    });
    await expect(client.post('/apps', { body: { name: 7 } })).rejects.toMatchObject({
      statusCode: 422,
      body: { id: 'invalid_params', message: expect.stringContaining('name') as string },
    });
  });
});
