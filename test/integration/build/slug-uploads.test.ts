import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FIXED_LIMITS } from '../../../daemon/build/limits.js';
import { Sources } from '../../../daemon/build/receive.js';
import { SlugUploads, type UploadedSlug } from '../../../daemon/build/slug-uploads.js';
import type { Artifact, BuildRequest } from '../../../daemon/engines/engine.js';
import { Garbage } from '../../../daemon/main/garbage.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { Store } from '../../../daemon/store/store.js';
import { builtProgram } from '../../support/built.js';
import { tempFolder } from './support.js';
import { entry, tar } from './tarball.js';

let unpackProgram = '';
let readProgram = '';
beforeAll(() => {
  unpackProgram = builtProgram('daemon/build/unpack/main.js');
  readProgram = unpackProgram.replace('unpack', 'reading');
}, 120_000);

const SLUG = { id: 'slug-1', appId: 'app-1', processTypes: { web: 'true' }, checksum: null };
const GOOD = gzipSync(tar(entry({ name: './app/web.js', content: 'x' })));

async function* body(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Uploads whose engine does what the test says. */
function aStage(
  build: (request: BuildRequest) => Promise<void>,
  inUse: string[] = [],
  { home = tempFolder(), inserting = () => undefined }: { home?: string; inserting?: () => void } = {},
) {
  const slugs = new Map<string, UploadedSlug>();
  const expired: number[] = [];
  const uploads = new SlugUploads({
    engineOf: () => ({
      name: 'process',
      runtimeOf: async () => 'none',
      hasArtifact: async () => true,
      async build(request) {
        await build(request);
        return { ok: true, artifact: { engine: 'process', id: 'a', size: 1 }, image: null };
      },
    }),
    records: {
      isThere: (id) => slugs.has(id),
      insert: (id, slug) => {
        inserting();
        slugs.set(id, slug);
      },
      expire: (before) => void expired.push(before),
      inUse: () => new Set(inUse),
    },
    tarballs: new Sources(join(home, 'slug-uploads'), FIXED_LIMITS),
    paths: { builds: join(home, 'builds'), unpackProgram, readProgram },
    limits: { ...FIXED_LIMITS, timeoutMs: 60_000 },
    clock: systemClock,
  });
  const left = (folder: string) => (existsSync(join(home, folder)) ? readdirSync(join(home, folder)) : []);
  return { home, uploads, slugs, left, expired };
}

describe('an upload', () => {
  test('is ended when tfkd stops, keeps nothing, and may be begun again', async () => {
    const { home, uploads, slugs, left } = aStage(async ({ signal }) => {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        uploads.stop();
      });
    });
    await expect(uploads.receive(SLUG, body(GOOD), null)).rejects.toMatchObject({
      id: 'unavailable',
      hint: 'PUT it to the same URL again.',
    });
    expect([slugs.size, left('slug-uploads'), left('builds')]).toEqual([0, [], []]);
    const next = aStage(async () => undefined, [], { home });
    await next.uploads.receive(SLUG, body(GOOD), null);
    expect([[...next.slugs.keys()], left('slug-uploads'), left('builds')]).toEqual([
      ['slug-1'],
      ['slug-1'],
      [],
    ]);
  });

  test('that comes once tfkd stops is not begun', async () => {
    let built = false;
    const { uploads, slugs, left } = aStage(async () => void (built = true));
    uploads.stop();
    await expect(uploads.receive(SLUG, body(GOOD), null)).rejects.toMatchObject({ id: 'unavailable' });
    expect([built, slugs.size, left('slug-uploads')]).toEqual([false, 0, []]);
  });

  test('is a slug before what it was made of is cleared away', async () => {
    let then: string[] = [];
    const { uploads, left } = aStage(async () => undefined, [], {
      inserting: () => void (then = left('builds')),
    });
    await uploads.receive(SLUG, body(GOOD), null);
    expect([then, left('builds')]).toEqual([['slug-slug-1.tree'], []]);
  });

  test('under way is waited for by the garbage collector, until its slug is there', async () => {
    const collected: string[][] = [];
    let hour = (): void => undefined;
    const clock: Clock = { now: () => 1, sleep: () => new Promise((resolve) => (hour = resolve)) };
    const { home, uploads } = aStage(async () => {
      hour();
      await new Promise((done) => setTimeout(done, 100));
      expect(collected).toEqual([]);
    });
    const store = Store.open(home);
    onTestFinished(() => store.close());
    const garbage = new Garbage({
      store,
      engines: {
        collectGarbage: async (keep: readonly Artifact[]) => void collected.push(keep.map(({ id }) => id)),
      },
      slugUploads: uploads,
      clock,
      logger: createLogger('silent', 'test'),
    });
    garbage.start();
    await uploads.receive(SLUG, body(GOOD), null);
    hour();
    await expect.poll(() => collected).toEqual([[]]);
    garbage.stop();
  });

  test('that was announced and never came is forgotten after a day, but not while uploads are under way', async () => {
    const { uploads, expired } = aStage(async () => {
      await uploads.sweep();
      expect(expired).toEqual([]);
    });
    await uploads.receive(SLUG, body(GOOD), null);
    await uploads.sweep();
    expect(Date.now() - (expired[0] ?? 0) - 24 * 60 * 60_000).toBeLessThan(10_000);
  });

  test('gives the engine nothing but what is below ./app, and no steps', async () => {
    let seen: BuildRequest | undefined;
    const { uploads, slugs } = aStage(async (request) => {
      seen = request;
      expect(readdirSync(request.sourceDir)).toEqual(['web.js']);
    });
    await uploads.receive(SLUG, body(GOOD), GOOD.length);
    expect(seen).toMatchObject({
      appId: 'app-1',
      buildId: 'slug-1',
      plan: { steps: [], images: [] },
      env: {},
    });
    expect(slugs.get('slug-1')?.checksum).toMatch(/^SHA256:[0-9a-f]{64}$/);
  });

  test('that a crash cut off is cleared away after a start, and nothing else', async () => {
    const { home, uploads, left } = aStage(async () => undefined, ['used']);
    const folder = join(home, 'slug-uploads');
    mkdirSync(folder);
    for (const name of ['used', 'lost', 'fresh', 'cut.123.tmp']) writeFileSync(join(folder, name), name);
    for (const name of ['used', 'lost']) utimesSync(join(folder, name), 1, 1);
    await uploads.recover();
    expect(left('slug-uploads').sort()).toEqual(['fresh', 'used']);
  });
});
