import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Formation, OciImage, Release } from '../../../api/index.js';
import type { Server } from '../../../daemon/http/server.js';
import { newId } from '../../../daemon/shared/ids.js';
import { ACTOR, openBench, type Bench } from './support.js';

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [WEB, WORKER, SILENT, TRIGGERS] = [idOf('1'), idOf('2'), idOf('3'), idOf('4')];

let bench: Bench;
let server: Server;
beforeEach(async () => {
  bench = await openBench();
  server = bench.server();
  for (const [app, engine] of [
    ['shop', 'docker'],
    ['small', 'process'],
  ] as const) {
    const { id } = bench.services.apps.create({ name: app, actor: ACTOR });
    bench.store.apps.setEngine(id, engine, 1);
  }
  bench.asked.images.set(WEB, { id: WEB, architecture: 'amd64', command: 'node web.js', hasTriggers: false });
  bench.asked.images.set(WORKER, {
    id: WORKER,
    architecture: 'amd64',
    command: 'node worker.js',
    hasTriggers: false,
  });
  bench.asked.images.set(SILENT, { id: SILENT, architecture: 'amd64', command: null, hasTriggers: false });
  bench.asked.images.set(TRIGGERS, { id: TRIGGERS, architecture: 'amd64', command: 'x', hasTriggers: true });
});
afterEach(() => bench.close());

type Method = 'GET' | 'POST' | 'PATCH';

interface Answer<T> {
  readonly status: number;
  readonly body: T & { readonly id: string; readonly message: string };
}

async function ask<T>(method: Method, url: string, payload?: object): Promise<Answer<T>> {
  const reply = await server.app.inject({ method, url, ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, body: reply.json<Answer<T>['body']>() };
}

const types = (app = 'shop') =>
  Object.entries(bench.services.releases.current(bench.services.apps.find(app)?.id ?? '').processTypes);

describe('images that are registered by their digest', () => {
  const processTypes = {
    web: { command: '/cnb/process/web', display_cmd: 'puma', working_dir: '/work space', default: true },
    worker: { command: 'node worker.js' },
  };

  it('are shown as they were registered, by id and digest, and released with their process types', async () => {
    const commit = '60883d9e8947a57e04dc9124f25df004866a2051';
    const made = await ask<OciImage>('POST', '/apps/shop/oci-images', {
      digest: WEB,
      commit,
      image_repo: 'repo/builds',
      buildpacks: [{ id: 'heroku/ruby', version: '2.0.0' }],
      process_types: processTypes,
      stack: 'cnb',
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ digest: WEB, architecture: 'amd64', commit, stack: { name: 'cnb' } });
    for (const name of [made.body.id, WEB])
      expect((await ask('GET', `/apps/shop/oci-images/${name}`)).body).toEqual([made.body]);
    await ask('POST', '/apps/shop/oci-images', { digest: WORKER });
    const all = (await ask<OciImage[]>('GET', '/apps/shop/oci-images')).body;
    expect(all.map(({ digest }) => digest).sort()).toEqual([WEB, WORKER]);
    const released = await ask<Release>('POST', '/apps/shop/releases', { oci_image: made.body.id });
    expect([released.status, released.body.description]).toEqual([201, `Deploy ${commit}`]);
    expect(types()).toEqual([
      ['web', `cd '/work space' && /cnb/process/web`],
      ['worker', 'node worker.js'],
    ]);
  });

  it('run their own command as web where they were registered without any, and are called as is said', async () => {
    await ask('POST', '/apps/shop/oci-images', { digest: WEB });
    const body = { oci_image: WEB, description: 'From the pipeline' };
    const released = await ask<Release>('POST', '/apps/shop/releases', body);
    expect([released.status, released.body.description]).toEqual([201, 'From the pipeline']);
    expect(types()).toEqual([['web', 'node web.js']]);
  });

  it.each([
    [
      'small',
      { digest: WEB },
      /built by the process engine, which runs no images.*tfk apps:engine docker -a small/,
    ],
    [
      'shop',
      { digest: idOf('9') },
      /no image "sha256:9+" on the Docker engine.*docker pull REPOSITORY@sha256:9/,
    ],
    ['shop', { digest: WEB, image_repo: '../x' }, /"\.\.\/x@sha256:1+" is no name of an image/],
    ['shop', { digest: TRIGGERS }, /has ONBUILD instructions: it is made to be built from/],
    ['shop', { digest: 'latest' }, /digest is not "sha256:<64 hex digits>": "latest"/],
    ['shop', {}, /digest is missing/],
    ['shop', { digest: WEB, stack: 'heroku-24' }, /no stack "heroku-24" of images here/],
  ])('are refused for %s where they are %j, with what to type', async (app, payload, words) => {
    const { status, body } = await ask('POST', `/apps/${app}/oci-images`, payload);
    expect([status, body.message]).toEqual([422, expect.stringMatching(words)]);
  });

  it('are another app’s to nobody, and unknown until they are registered', async () => {
    await ask('POST', '/apps/shop/oci-images', { digest: WEB });
    for (const [method, url, payload] of [
      ['GET', `/apps/small/oci-images/${WEB}`, undefined],
      ['POST', '/apps/small/releases', { oci_image: WEB }],
      ['POST', '/apps/shop/releases', { oci_image: WORKER }],
    ] as const) {
      const { status, body } = await ask(method, url, payload);
      expect([status, body.message]).toEqual([404, expect.stringMatching(/has no image.*Register it/)]);
    }
  });

  it('are not released together with anything else', async () => {
    await ask('POST', '/apps/shop/oci-images', { digest: WEB });
    const { status } = await ask('POST', '/apps/shop/releases', { oci_image: WEB, release: 1 });
    expect(status).toBe(422);
  });
});

describe('container:release', () => {
  const update = (updates: object[], app = 'shop') =>
    ask<Formation[]>('PATCH', `/apps/${app}/formation`, { updates });

  it('gives types an image each, and leaves those alone that have one already', async () => {
    const first = await update([
      { type: 'web', docker_image: WEB },
      { type: 'worker', docker_image: WORKER },
    ]);
    expect([first.status, first.body.map(({ type, command }) => [type, command])]).toEqual([
      200,
      [
        ['web', 'node web.js'],
        ['worker', 'node worker.js'],
      ],
    ]);
    const second = await update([{ type: 'web', docker_image: WORKER }]);
    expect(second.body.map(({ type, command }) => [type, command])).toEqual([['web', 'node worker.js']]);
    expect(Object.fromEntries(types())).toEqual({ web: 'node worker.js', worker: 'node worker.js' });
    const [release] = bench.store.releases.list(bench.services.apps.find('shop')?.id ?? '');
    expect(release?.description).toBe('Deployed web (222222222222)');
  });

  it('of two at once loses neither', async () => {
    const both = await Promise.all([
      update([{ type: 'web', docker_image: WEB }]),
      update([{ type: 'worker', docker_image: WORKER }]),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(Object.fromEntries(types())).toEqual({ web: 'node web.js', worker: 'node worker.js' });
  });

  it('waits for no release command: it says which is running', async () => {
    let done: (failure: string | null) => void = () => undefined;
    bench.asked.releaseCommand = () => new Promise((resolve) => (done = resolve));
    const release = await update([{ type: 'release', docker_image: WORKER }]);
    expect([release.status, release.body.map(({ type }) => type)]).toEqual([200, ['release']]);
    const refused = await update([{ type: 'web', docker_image: WEB }]);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringMatching(/^v2 of shop is still running its release command\. Nothing was changed\./),
    ]);
    done(null);
    await expect.poll(() => types()).toEqual([['release', 'node worker.js']]);
    expect((await update([{ type: 'web', docker_image: WEB }])).status).toBe(200);
    done(null);
  });

  it('undoes no push that is still building: it says which', async () => {
    const app = bench.store.apps.find('shop');
    const id = newId();
    const push = { sourceId: null, sourceUrl: '', sourceVersion: null, sourceDescription: null };
    const made = { userEmail: ACTOR, sourceChecksum: null, outputSecret: id, createdAt: 1 };
    bench.store.builds.insert({ id, appId: app?.id ?? '', ...push, ...made });
    const refused = await update([{ type: 'web', docker_image: WEB }]);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringMatching(/^The build [0-9a-f]{8} of shop is still under way.*Nothing was changed\./),
    ]);
    const end = { status: 'failed', slugId: null, releaseId: null, message: '' } as const;
    bench.store.builds.finish(id, end, 2);
    expect((await update([{ type: 'web', docker_image: WEB }])).status).toBe(200);
  });

  it('is only of what the app may be given, and leaves no record of apps that are gone', async () => {
    await update([{ type: 'web', docker_image: WEB }]);
    const { id: appId = '' } = bench.store.apps.find('shop') ?? {};
    const [{ sourceId } = { sourceId: null }] = bench.store.builds.list(appId);
    expect(bench.asked.imagesFor).toEqual(new Set([appId]));
    await update([{ type: 'web', docker_image: WORKER }]);
    expect(bench.store.imageSources.types(sourceId ?? '')).toMatchObject({ web: { image: WEB } });
    bench.store.imageSources.insert('of-no-build', {});
    await update([{ type: 'web', docker_image: WEB }]);
    expect(bench.store.imageSources.types('of-no-build')).toBeUndefined();
    expect(bench.store.imageSources.types(sourceId ?? '')).toBeDefined();
  });

  it('never takes a type away that runs what was pushed: all of them have to be named', async () => {
    await bench.pushedApp('pushed');
    bench.store.apps.setEngine(bench.services.apps.find('pushed')?.id ?? '', 'docker', 1);
    const { status, body } = await update([{ type: 'web', docker_image: WEB }], 'pushed');
    expect([status, body.message]).toEqual([
      422,
      expect.stringMatching(/^worker of pushed ran what was pushed/),
    ]);
    const both = ['web', 'worker'].map((type) => ({ type, docker_image: WEB }));
    expect((await update(both, 'pushed')).status).toBe(200);
    expect(types('pushed')).toEqual([
      ['web', 'node web.js'],
      ['worker', 'node web.js'],
    ]);
  });

  it.each([
    ['shop', [{ type: 'web', docker_image: SILENT }], /image of web says itself nothing that it runs/],
    ['shop', [{ type: 'web', docker_image: TRIGGERS }], /has ONBUILD instructions/],
    ['shop', [{ type: 'web', docker_image: './x' }], /^"\.\/x" is no name of an image\. Nothing was changed/],
    ['shop', [{ type: 'web', docker_image: 'a//b' }], /"a\/\/b" is no name of an image/],
    ['shop', [{ type: 'web', docker_image: 'a b' }], /"a b" is no name of an image/],
    ['shop', [{ type: 'a b', docker_image: WEB }], /"a b" is no process type/],
    [
      'shop',
      [{ type: 'web', docker_image: 'nginx' }],
      /no image "nginx" on the Docker engine.*docker pull nginx/,
    ],
    ['shop', [{ type: 'web', docker_image: WEB, quantity: 0 }], /either releases images or scales/],
    [
      'shop',
      [
        { type: 'web', docker_image: WEB },
        { type: 'worker', quantity: 1 },
      ],
      /not both in one request/,
    ],
    ['small', [{ type: 'web', docker_image: WEB }], /process engine, which runs no images/],
  ])('refuses for %s %j, and changes nothing', async (app, updates, words) => {
    const { status, body } = await update(updates, app);
    expect([status, body.message]).toEqual([422, expect.stringMatching(words)]);
    expect(types(app)).toEqual([]);
    expect(bench.store.builds.list(bench.services.apps.find(app)?.id ?? '')).toEqual([]);
  });

  it('is not for an app whose stack was set to heroku-24', async () => {
    const { id } = bench.services.apps.find('shop') ?? { id: '' };
    bench.services.apps.setBuildStack(id, 'heroku-24');
    const { status, body } = await update([{ type: 'web', docker_image: WEB }]);
    expect([status, body.message]).toEqual([422, expect.stringContaining('tfk stack:set container -a shop')]);
  });
});
