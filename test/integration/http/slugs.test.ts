import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Release, Slug } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { builtProgram } from '../../support/built.js';
import { entry, tar } from '../build/tarball.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
let server: Server;
beforeAll(() => void builtProgram('daemon/build/unpack/main.js'), 120_000);
beforeEach(async () => {
  bench = await openBench();
  server = bench.server();
  bench.services.apps.create({ name: 'shop', actor: ACTOR });
});
afterEach(() => bench.close());

const WEB = { web: 'node web.js' };
const file = (name: string, content = name, mode = 0o644) => entry({ name, content, mode });
const tgz = (...parts: Buffer[]) => gzipSync(tar(...parts));
const GOOD = tgz(
  entry({ name: './app/', type: '5', mode: 0o755 }),
  file('./app/web.js', 'console.log(1)'),
  file('./app/node_modules/.bin/tool', '#!/bin/sh\n', 0o755),
  entry({ name: './app/current', type: '2', linkname: 'web.js' }),
);
const sha256 = (bytes: Buffer) => `SHA256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Over the socket URLs are paths. */
const pathOf = (url: string): string => new URL(url, 'http://127.0.0.1').pathname;

async function announce(payload: object = { process_types: WEB }): Promise<Slug> {
  const reply = await server.app.inject({ method: 'POST', url: '/apps/shop/slugs', payload });
  expect(reply.statusCode, reply.body).toBe(201);
  return reply.json<Slug>();
}

/** As a client does it to whom nothing was told but the URL. */
async function put({ blob }: Pick<Slug, 'blob'>, payload: Buffer) {
  const reply = await server.app.inject({ method: 'PUT', url: pathOf(blob.url), payload });
  return { status: reply.statusCode, ...reply.json<{ id?: string; message?: string; hint?: string }>() };
}

const info = async ({ id }: Slug): Promise<Slug> =>
  (await server.app.inject(`/apps/shop/slugs/${id}`)).json<Slug>();
const blobOf = async (slug: Slug) => server.app.inject(pathOf((await info(slug)).blob.url));

async function release(slug: Pick<Slug, 'id'>, rest: object = {}) {
  const payload = { slug: slug.id, ...rest };
  const reply = await server.app.inject({ method: 'POST', url: '/apps/shop/releases', payload });
  return { status: reply.statusCode, body: reply.json<Release & { id: string; message: string }>() };
}

const kept = () => {
  const folder = join(bench.home, 'slug-uploads');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe('a slug that was built elsewhere', () => {
  it('is announced, uploaded, shown, released, and fetched as it was uploaded', async () => {
    const commit = '60883d9e8947a57e04dc9124f25df004866a2051';
    const announced = await announce({
      process_types: { ...WEB, worker: 'node worker.js' },
      checksum: sha256(GOOD),
      commit,
      commit_description: 'fixed a bug',
      buildpack_provided_description: 'Node.js',
      stack: 'heroku-24',
    });
    expect(announced).toMatchObject({ blob: { method: 'PUT' }, size: null, commit });
    expect(await put(announced, GOOD)).toEqual({ status: 200 });
    const slug = await info(announced);
    expect(slug).toMatchObject({
      id: announced.id,
      blob: { method: 'GET' },
      buildpack_provided_description: 'Node.js',
      checksum: sha256(GOOD),
      commit,
      commit_description: 'fixed a bug',
      process_types: { web: 'node web.js', worker: 'node worker.js' },
    });
    expect(slug.size).toBeGreaterThan(0);
    const { status, body } = await release(slug);
    expect([status, body.slug?.id]).toEqual([201, slug.id]);
    const formation = await server.app.inject('/apps/shop/formation');
    expect(formation.json<{ type: string }[]>().map(({ type }) => type)).toEqual(['web', 'worker']);
    const blob = await blobOf(slug);
    expect(blob.headers['content-type']).toBe('application/gzip');
    expect(blob.rawPayload.equals(GOOD)).toBe(true);
  });

  it('needs no token for its URLs, and each of them is good for one thing only', async () => {
    const tcp = bench.server({ trusted: false });
    const announced = await announce();
    const at = pathOf(announced.blob.url);
    expect((await tcp.app.inject({ method: 'PUT', url: at, payload: GOOD })).statusCode).toBe(200);
    expect((await tcp.app.inject(at)).statusCode).toBe(404);
    const { blob } = await info(announced);
    expect((await tcp.app.inject(pathOf(blob.url))).rawPayload.equals(GOOD)).toBe(true);
    const again = await tcp.app.inject({ method: 'PUT', url: pathOf(blob.url), payload: GOOD });
    expect(again.statusCode).toBe(404);
    expect((await tcp.app.inject('/apps/shop/slugs/x')).statusCode).toBe(401);
  });

  it('cannot be released, nor fetched, before it was uploaded', async () => {
    const announced = await announce();
    const { status, body } = await release(announced);
    expect(status).toBe(422);
    expect(body.message).toMatch(/Nothing was uploaded to the slug .*POST \/apps\/shop\/slugs/);
    expect((await blobOf(announced)).statusCode).toBe(404);
    expect((await server.app.inject('/apps/shop/releases')).json<Release[]>()).toHaveLength(1);
  });

  it('is forgotten where it was announced and has not come within a day', async () => {
    const [old, came] = [await announce(), await announce()];
    await put(came, GOOD);
    bench.store.slugUploads.expire(Date.now() - 60_000);
    expect(bench.store.slugUploads.byId(old.id)).toBeDefined();
    bench.store.slugUploads.expire(Date.now() + 60_000);
    expect(await put(old, GOOD)).toMatchObject({ status: 404, id: 'not_found' });
    expect(bench.store.slugUploads.byId(came.id)?.receivedAt).toEqual(expect.any(Number));
  });

  it('is another app’s to nobody', async () => {
    const announced = await announce();
    bench.services.apps.create({ name: 'billing', actor: ACTOR });
    expect((await server.app.inject(`/apps/billing/slugs/${announced.id}`)).statusCode).toBe(404);
    await put(announced, GOOD);
    const payload = { slug: announced.id };
    const reply = await server.app.inject({ method: 'POST', url: '/apps/billing/releases', payload });
    expect(reply.statusCode).toBe(404);
  });

  it('stays as it is: a second upload is refused', async () => {
    const announced = await announce();
    await put(announced, GOOD);
    expect(await put(announced, tgz(file('./app/other.js')))).toMatchObject({ status: 409 });
    expect((await blobOf(announced)).rawPayload.equals(GOOD)).toBe(true);
  });

  it('is uploaded by one of two at once, and whole', async () => {
    const announced = await announce();
    const other = tgz(file('./app/other.js', 'x'.repeat(200_000)));
    const replies = await Promise.all([put(announced, GOOD), put(announced, other)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = replies[0].status === 200 ? GOOD : other;
    expect((await blobOf(announced)).rawPayload.equals(winner)).toBe(true);
    expect(kept()).toEqual([announced.id]);
  });

  it('may differ from another of the same files in its process types', async () => {
    const [one, two] = [await announce(), await announce({ process_types: { clock: 'node clock.js' } })];
    await Promise.all([put(one, GOOD), put(two, GOOD)]);
    await release(one);
    expect((await release(two)).status).toBe(201);
    const formation = await server.app.inject('/apps/shop/formation');
    expect(formation.json<{ type: string }[]>().map(({ type }) => type)).toEqual(['clock']);
  });

  it.each([
    ['is no archive', Buffer.from('no archive'.repeat(200)), /refused/],
    ['is cut short', GOOD.subarray(0, GOOD.length - 12), /refused/],
    ['has no folder ./app', tgz(file('web.js')), /holds "web\.js" beside the folder \.\/app.*tar czf/],
    ['has something beside ./app', tgz(file('./app/web.js'), file('etc/x')), /holds "etc" beside/],
    ['has a file as ./app', tgz(file('app')), /no folder \.\/app/],
    ['climbs out of its folder', tgz(file('../x')), /leads out of/],
    [
      'links out of ./app, into nothing',
      tgz(file('./app/a/b'), entry({ name: './app/out', type: '2', linkname: '../x' })),
      /link "out" leads out of/,
    ],
  ])('that %s is refused with words, keeps nothing, and may be tried again', async (_what, bytes, words) => {
    const announced = await announce();
    const reply = await put(announced, bytes);
    expect(reply).toMatchObject({ status: 422, id: 'invalid_params' });
    expect(reply.message).toMatch(words);
    expect(kept()).toEqual([]);
    expect(existsSync(join(bench.home, 'builds'))).toBe(true);
    expect(readdirSync(join(bench.home, 'builds'))).toEqual([]);
    expect((await release(announced)).status).toBe(422);
    expect(await put(announced, GOOD)).toEqual({ status: 200 });
    expect((await release(announced)).status).toBe(201);
  });

  it('with another checksum than was announced is refused', async () => {
    const announced = await announce({ process_types: WEB, checksum: sha256(Buffer.from('another')) });
    const reply = await put(announced, GOOD);
    expect(reply).toMatchObject({ status: 422 });
    expect(reply.message).toContain(`its checksum is ${sha256(GOOD)}`);
    expect(kept()).toEqual([]);
  });

  it('that announces too many bytes is refused before the first', async () => {
    const announced = await announce();
    const reply = await server.app.inject({
      method: 'PUT',
      url: pathOf(announced.blob.url),
      headers: { 'content-length': String(600 * 1024 * 1024) },
      payload: GOOD,
    });
    expect(reply.statusCode).toBe(413);
    expect(reply.json<{ message: string }>().message).toContain('The slug is larger than 512 MB');
    expect(kept()).toEqual([]);
  });

  it('whose upload is cut off is not there, and may be uploaded again', async () => {
    const announced = await announce();
    const at = pathOf(announced.blob.url);
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(`PUT ${at} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${GOOD.length}\r\n\r\n`);
    socket.write(GOOD.subarray(0, 100));
    await expect.poll(kept).toEqual([expect.stringMatching(/\.tmp$/)]);
    expect(await put(announced, GOOD)).toMatchObject({ status: 409 });
    socket.destroy();
    await expect.poll(kept).toEqual([]);
    expect(await put(announced, GOOD)).toEqual({ status: 200 });
  });

  it.each([
    [{}, 'process_types is missing.'],
    [{ process_types: { 'a b': 'x' } }, '"a b" is no process type with a command'],
    [{ process_types: { web: ' ' } }, '"web" is no process type with a command'],
    [{ process_types: WEB, checksum: 'MD5:1' }, 'checksum is not "SHA256:<hex>"'],
    [{ process_types: WEB, stack: 'cedar-14' }, 'There is no stack "cedar-14" here'],
    [{ process_types: WEB, stack: 'container' }, 'tfk push --image NAME -a shop'],
  ])('is not announced as %j', async (payload, words) => {
    const reply = await server.app.inject({ method: 'POST', url: '/apps/shop/slugs', payload });
    expect([reply.statusCode, reply.json<{ message: string }>().message]).toEqual([
      422,
      expect.stringContaining(words),
    ]);
  });

  it('goes with its app', async () => {
    const announced = await announce();
    await put(announced, GOOD);
    const { blob } = await info(announced);
    const id = bench.services.apps.find('shop')?.id ?? '';
    await bench.services.apps.destroy(id, ACTOR);
    bench.store.transaction(() => bench.store.apps.delete(id));
    expect((await server.app.inject(pathOf(blob.url))).statusCode).toBe(404);
    expect(bench.store.slugUploads.byId(announced.id)).toBeUndefined();
  });
});

it('keeps as many slugs that were never released as a rollback reaches back, the newest', async () => {
  const uploaded: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const announced = await announce();
    await put(announced, tgz(file('./app/web.js', name)));
    uploaded.push(announced.id);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const inUse = bench.store.slugs.inUse(2).map(({ id }) => id);
  expect(inUse.sort()).toEqual(uploaded.slice(1).sort());
  await release({ id: uploaded[0] ?? '' });
  expect(bench.store.slugs.inUse(2)).toHaveLength(3);
  expect(gunzipSync((await blobOf({ id: uploaded[0] ?? '' } as Slug)).rawPayload).length).toBeGreaterThan(0);
});
