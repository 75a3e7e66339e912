import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import type { Release } from '../../api/releases.js';
import type { Slug } from '../../api/slugs.js';
import { aSmallApp, Installation } from '../support/installation.js';

const tfk = new Installation();
afterAll(() => tfk.remove());

let token = '';

/** Over TCP, as a program does it that deploys slugs. */
async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const reply = await fetch(`http://127.0.0.1:${tfk.running.apiPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(reply.status, await reply.clone().text()).toBeLessThan(300);
  return (await reply.json()) as T;
}

it('moves a slug that tfk built to another app, by its tarball alone, over a kill of tfkd in between', async () => {
  const folder = tfk.source(
    'built',
    aSmallApp('built here', {
      Procfile: 'web: node web.js\n',
      'migrate.js': `console.log('migrated by', process.env.NAME);`,
    }),
  );
  await tfk.ok('push', folder, '--name', 'built');
  token = (await tfk.ok('auth:token')).trim();
  await tfk.ok('apps:create', 'moved');
  const [release] = await ask<Release[]>('GET', '/apps/built/releases').then((all) =>
    all.filter(({ current }) => current),
  );
  const { blob, process_types } = await ask<Slug>('GET', `/apps/built/slugs/${release?.slug?.id ?? ''}`);
  const fetched = await fetch(blob.url);
  expect([fetched.status, fetched.headers.get('content-type')]).toEqual([200, 'application/gzip']);
  const tarball = Buffer.from(await fetched.arrayBuffer());
  expect(Buffer.from(await (await fetch(blob.url)).arrayBuffer()).equals(tarball)).toBe(true);

  const announced = await ask<Slug>('POST', '/apps/moved/slugs', {
    process_types: { ...process_types, release: 'node migrate.js' },
    checksum: `SHA256:${createHash('sha256').update(tarball).digest('hex')}`,
    commit: '1a2b3c4d5e6f',
  });
  process.kill(tfk.running.pid, 'SIGKILL');
  await tfk.ok('config:set', 'NAME=the uploader', '-a', 'moved');
  // Another tfkd, and perhaps another port: the secret in the path is what counts.
  const at = new URL(announced.blob.url);
  at.port = String(tfk.running.apiPort);
  const put = await fetch(at, { method: announced.blob.method, body: tarball });
  expect([put.status, await put.text()]).toEqual([200, '{}']);
  const released = await ask<Release>('POST', '/apps/moved/releases', { slug: announced.id });
  expect(released).toMatchObject({ description: 'Deploy 1a2b3c4d', status: 'pending' });
  expect(await (await fetch(released.output_stream_url ?? '')).text()).toContain('migrated by the uploader');
  await expect.poll(async () => (await tfk.get('moved')).body, { timeout: 60_000 }).toBe('built here');
  expect(await tfk.ok('ps', '-a', 'moved')).toMatch(/web\.1/);

  const kept = await ask<Slug>('GET', `/apps/moved/slugs/${announced.id}`);
  const again = Buffer.from(await (await fetch(kept.blob.url)).arrayBuffer());
  expect(again.equals(tarball)).toBe(true);
});
