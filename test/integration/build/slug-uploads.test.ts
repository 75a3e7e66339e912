import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { FIXED_LIMITS } from '../../../daemon/build/limits.js';
import { Sources } from '../../../daemon/build/receive.js';
import { SlugUploads, type UploadedSlug } from '../../../daemon/build/slug-uploads.js';
import type { BuildRequest } from '../../../daemon/engines/engine.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { builtProgram } from '../../support/built.js';
import { tempFolder } from './support.js';
import { entry, tar } from './tarball.js';

let unpackProgram = '';
beforeAll(() => {
  unpackProgram = builtProgram('daemon/build/unpack/main.js');
}, 120_000);

const SLUG = { id: 'slug-1', appId: 'app-1', processTypes: { web: 'true' }, checksum: null };
const GOOD = gzipSync(tar(entry({ name: './app/web.js', content: 'x' })));

async function* body(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Uploads whose engine does what the test says. */
function aStage(build: (request: BuildRequest) => Promise<void>, inUse: string[] = []) {
  const home = tempFolder();
  const slugs = new Map<string, UploadedSlug>();
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
      insert: (id, slug) => void slugs.set(id, slug),
      inUse: () => new Set(inUse),
    },
    tarballs: new Sources(join(home, 'slug-uploads'), FIXED_LIMITS),
    paths: { builds: join(home, 'builds'), unpackProgram },
    limits: { ...FIXED_LIMITS, timeoutMs: 60_000 },
    clock: systemClock,
  });
  const left = (folder: string) => (existsSync(join(home, folder)) ? readdirSync(join(home, folder)) : []);
  return { home, uploads, slugs, left };
}

describe('an upload', () => {
  test('is ended when tfkd stops, keeps nothing, and may be begun again', async () => {
    let built = 0;
    const { uploads, slugs, left } = aStage(async ({ signal }) => {
      if (++built > 1) return;
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
    await uploads.receive(SLUG, body(GOOD), null);
    expect([[...slugs.keys()], left('slug-uploads'), left('builds')]).toEqual([['slug-1'], ['slug-1'], []]);
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
