import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  App,
  Pipeline,
  PipelineCoupling,
  PipelinePromotion,
  PromotionTarget,
  Release,
  Slug,
} from '../../../api/index.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { openBench, until, type Bench } from './support.js';

let bench: Bench;
let ask: (method: InjectOptions['method'], url: string, payload?: object) => Promise<Answer>;
beforeEach(async () => {
  bench = await openBench();
  const { app } = bench.server();
  ask = async (method, url, payload) => {
    const reply = await app.inject({ method: method ?? 'GET', url, ...(payload ? { payload } : {}) });
    return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
  };
});
afterEach(() => bench.close());

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, unknown>;
}

async function made<T>(answer: Promise<Answer>): Promise<T> {
  const { status, body } = await answer;
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body as T;
}

const pipeline = (name: string) => made<Pipeline>(ask('POST', '/pipelines', { name }));
const couple = (app: string, to: Pipeline, stage: string) =>
  made<PipelineCoupling>(ask('POST', '/pipeline-couplings', { app, pipeline: to.id, stage }));

describe('pipelines', () => {
  it('are made, looked up by id, name and filter, renamed and destroyed', async () => {
    const { body } = await ask('GET', '/users/~');
    const owner = { id: (body as { id: string }).id, type: 'user' };
    const created = await ask('POST', '/pipelines', { name: 'shop', owner, generation: { name: 'cedar' } });
    expect(created).toMatchObject({ status: 201, body: { name: 'shop', owner } });
    await pipeline('other-one');
    const { id } = created.body as Pipeline;
    for (const url of ['/pipelines/shop', `/pipelines/${id}`]) {
      expect((await ask('GET', url)).body).toMatchObject({ id, name: 'shop' });
    }
    expect((await ask('GET', '/pipelines?eq[name]=shop')).body).toMatchObject([{ id }]);
    expect((await ask('GET', '/pipelines?eq[name]=nothing')).body).toEqual([]);
    expect((await ask('GET', '/pipelines')).body).toHaveLength(2);
    expect((await ask('PATCH', `/pipelines/${id}`, { name: 'store' })).body).toMatchObject({ name: 'store' });
    expect(await ask('DELETE', `/pipelines/${id}`, { name: 'store' })).toMatchObject({
      status: 200,
      body: { name: 'store' },
    });
    expect((await ask('GET', '/pipelines/store')).status).toBe(404);
  });

  it.each([
    [{ name: 'shop' }, 'The pipeline name shop is taken'],
    [{ name: 'No' }, 'cannot be a pipeline'],
    [{ name: 'a'.repeat(31) }, 'cannot be a pipeline'],
    [{}, 'name is missing'],
    [{ name: 'fine-name', owner: { id: 'x', type: 'team' } }, 'There are no teams here'],
  ])('refuse %j', async (body, message) => {
    await pipeline('shop');
    const refused = await ask('POST', '/pipelines', body);
    expect(refused).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    expect((refused.body as { message: string }).message).toContain(message);
    expect((await ask('GET', '/pipelines')).body).toHaveLength(1);
  });
});

describe('couplings', () => {
  it('put an app into one pipeline, at a stage that may change, until it is taken out or destroyed', async () => {
    const [shop, other] = [await pipeline('shop'), await pipeline('other-one')];
    const app = await bench.pushedApp('shop-staging');
    expect((await ask('GET', '/apps/shop-staging/pipeline-couplings')).body).toMatchObject({
      id: 'not_found',
      resource: 'pipeline_coupling',
    });
    const coupling = await couple('shop-staging', shop, 'development');
    expect(coupling).toMatchObject({ app: { id: app.id }, pipeline: { id: shop.id, name: 'shop' } });
    const twice = { app: app.id, pipeline: other.id, stage: 'staging' };
    expect(await ask('POST', '/pipeline-couplings', twice)).toMatchObject({
      status: 422,
      body: {
        message:
          'shop-staging is in the pipeline shop already, as development. Nothing was changed. ' +
          'Take it out first: heroku pipelines:remove -a shop-staging',
      },
    });
    const at = `/pipeline-couplings/${coupling.id}`;
    expect((await ask('PATCH', at, { stage: 'staging' })).body).toMatchObject({ stage: 'staging' });
    expect((await ask('PATCH', at, { stage: 'moon' })).status).toBe(422);
    for (const url of [
      '/pipeline-couplings',
      '/users/~/pipeline-couplings',
      '/pipelines/shop/pipeline-couplings',
    ])
      expect((await ask('GET', url)).body).toMatchObject([{ id: coupling.id, stage: 'staging' }]);
    expect((await ask('GET', '/apps/shop-staging/pipeline-couplings')).body).toMatchObject({
      stage: 'staging',
    });
    await ask('DELETE', at);
    expect((await ask('GET', at)).status).toBe(404);
    await couple('shop-staging', other, 'staging');
    await ask('DELETE', '/apps/shop-staging');
    expect((await ask('GET', '/pipeline-couplings')).body).toEqual([]);
  });

  it('go with their pipeline, and leave the apps', async () => {
    const shop = await pipeline('shop');
    await bench.pushedApp('shop-staging');
    await couple('shop-staging', shop, 'staging');
    await ask('DELETE', '/pipelines/shop');
    expect((await ask('GET', '/pipeline-couplings')).body).toEqual([]);
    expect((await ask('GET', '/apps/shop-staging')).status).toBe(200);
  });
});

describe('a filter', () => {
  it('answers whole apps by their ids, page by page', async () => {
    const [one, two] = [await bench.pushedApp('one-app'), await bench.pushedApp('two-app')];
    await bench.pushedApp('three-app');
    const { body } = await ask('POST', '/filters/apps', { in: { id: [one.id, two.id, 'gone'] } });
    expect((body as App[]).map(({ name }) => name).sort()).toEqual(['one-app', 'two-app']);
    expect(body).toMatchObject([{ owner: { email: 'ada@example.com' } }, {}]);
    expect((await ask('POST', '/filters/apps', { in: { id: [] } })).body).toEqual([]);
    expect((await ask('POST', '/filters/apps', { in: { id: 'x' } })).status).toBe(422);
  });
});

/** What Heroku's CLI sends, and its answer. */
function promote(to: Pipeline, source: AppRecord, targets: readonly AppRecord[], release?: string) {
  return ask('POST', '/pipeline-promotions', {
    pipeline: { id: to.id },
    source: { app: { id: source.id }, ...(release === undefined ? {} : { release: { id: release } }) },
    targets: targets.map(({ id }) => ({ app: { id } })),
  });
}

const targetsOf = (promotion: PipelinePromotion) =>
  made<PromotionTarget[]>(ask('GET', `/pipeline-promotions/${promotion.id}/promotion-targets`));

async function ended(promotion: PipelinePromotion): Promise<PromotionTarget[]> {
  const records = () => bench.store.pipelinePromotions.targets(promotion.id);
  await until('the promotion to end', () => records().every(({ status }) => status !== 'pending'));
  expect((await ask('GET', `/pipeline-promotions/${promotion.id}`)).body).toMatchObject({
    status: 'completed',
  });
  return targetsOf(promotion);
}

describe('a promotion', () => {
  let shop: Pipeline;
  let staging: AppRecord;
  let production: AppRecord;
  beforeEach(async () => {
    shop = await pipeline('shop');
    staging = await bench.pushedApp('shop-staging', { web: 'node web.js', release: 'migrate' });
    production = await bench.pushedApp('shop-production');
    await couple('shop-staging', shop, 'staging');
    await couple('shop-production', shop, 'production');
    await ask('PATCH', '/apps/shop-production/config-vars', { OWN: 'production' });
    await ask('PATCH', '/apps/shop-staging/config-vars', { OWN: 'staging' });
  });

  it("releases the same slug with the target's own config, after its release command", async () => {
    let endCommand: (failure: null) => void = () => undefined;
    bench.asked.releaseCommand = () => new Promise((resolve) => (endCommand = resolve));
    const promotion = await made<PipelinePromotion>(promote(shop, staging, [production]));
    expect(promotion).toMatchObject({
      pipeline: { id: shop.id },
      source: { app: { id: staging.id }, release: { id: bench.releases.current(staging.id).id } },
      status: 'pending',
    });
    await until('a release', () => bench.store.releases.list(production.id)[0]?.status === 'pending');
    // Heroku's CLI streams the release command of the one target, so it must know the release before it has ended.
    const [early] = await targetsOf(promotion);
    expect(early).toMatchObject({ app: { id: production.id }, status: 'pending', error_message: null });
    const at = `/apps/${production.id}/releases/${early?.release?.id ?? ''}`;
    expect((await ask('GET', at)).body).toMatchObject({
      output_stream_url: expect.stringContaining('/tfk/releases/') as string,
      description: 'Promote shop-staging v3 1a2b3c4',
      current: false,
    });
    endCommand(null);
    expect(await ended(promotion)).toMatchObject([
      { status: 'succeeded', release: { id: early?.release?.id } },
    ]);
    const release = await made<Release>(ask('GET', at));
    expect(release.current).toBe(true);
    expect((await ask('GET', '/apps/shop-production/config-vars')).body).toEqual({ OWN: 'production' });
    const [from, to] = [staging, production].map(({ id }) => bench.releases.current(id).slugId ?? '');
    const slugs = [
      await made<Slug>(ask('GET', `/apps/shop-staging/slugs/${from ?? ''}`)),
      await made<Slug>(ask('GET', `/apps/shop-production/slugs/${to ?? ''}`)),
    ];
    expect(slugs[1]?.process_types).toEqual(slugs[0]?.process_types);
    expect(slugs[1]?.checksum).toBe(slugs[0]?.checksum);
  });

  it('tells of each target how it went, and why it failed', async () => {
    const second = await bench.pushedApp('shop-elsewhere');
    await couple('shop-elsewhere', shop, 'production');
    let commands = 0;
    bench.asked.releaseCommand = async () => (++commands === 1 ? 'the release command ended with 3' : null);
    const promotion = await made<PipelinePromotion>(promote(shop, staging, [production, second]));
    const targets = await ended(promotion);
    expect(targets.map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
    expect(targets.find(({ status }) => status === 'failed')).toMatchObject({
      release: { id: expect.any(String) as string },
      error_message: 'the release command ended with 3',
    });
  });

  it('makes a release also of what runs there already', async () => {
    await ended(await made(promote(shop, staging, [production])));
    const before = bench.releases.current(production.id);
    await ended(await made(promote(shop, staging, [production])));
    const after = bench.releases.current(production.id);
    expect([after.version, after.slugId]).toEqual([before.version + 1, before.slugId]);
  });

  it('takes an earlier release where one is named', async () => {
    const [, first] = bench.store.releases.list(staging.id).reverse();
    const promotion = await made<PipelinePromotion>(promote(shop, staging, [production], first?.id));
    await ended(promotion);
    expect(bench.releases.current(production.id).description).toBe('Promote shop-staging v2 1a2b3c4');
  });

  it('outlives the app that it came from', async () => {
    await ended(await made(promote(shop, staging, [production])));
    await ask('DELETE', '/apps/shop-staging');
    bench.store.transaction(() => bench.store.apps.delete(staging.id));
    const { slugId } = bench.releases.current(production.id);
    expect((await ask('GET', `/apps/shop-production/slugs/${slugId ?? ''}`)).status).toBe(200);
    expect(bench.store.slugs.inUse(10).map(({ id }) => id)).toContain(slugId);
    expect((await ask('PATCH', '/apps/shop-production/config-vars', { MORE: '1' })).status).toBe(200);
  });

  it('is refused as a whole, with nothing released', async () => {
    const empty = bench.services.apps.create({ name: 'no-code', actor: 'ada' });
    const foreign = await bench.pushedApp('foreign-app');
    await couple('no-code', shop, 'staging');
    const moved = await bench.pushedApp('moved-app');
    await couple('moved-app', shop, 'production');
    bench.store.apps.setEngine(moved.id, 'docker', 0);
    const versions = () => bench.store.apps.list().map(({ id }) => bench.releases.current(id).version);
    const before = versions();
    const words = async (answer: Promise<Answer>) => {
      const { status, body } = await answer;
      expect(status).toBe(422);
      return body as { message: string };
    };
    const refused = (source: AppRecord, targets: AppRecord[]) => words(promote(shop, source, targets));
    expect((await refused(empty, [production])).message).toContain(
      'no-code has no code yet. Nothing was promoted.',
    );
    expect((await refused(staging, [foreign])).message).toContain('foreign-app is not in the pipeline shop');
    expect((await refused(staging, [staging])).message).toContain('cannot be promoted to itself');
    expect((await refused(staging, [production, production])).message).toContain('named twice');
    expect((await refused(staging, [])).message).toContain('at least one target');
    expect(await refused(staging, [production, moved])).toEqual({
      id: 'invalid_params',
      message:
        'moved-app is on the docker engine, and shop-staging runs a slug of the process engine, which cannot run there. Nothing was promoted. ' +
        'Move one of them: tfk apps:engine process -a moved-app, or tfk apps:engine docker -a shop-staging',
    });
    const [initial] = bench.store.releases.list(staging.id).reverse();
    expect((await words(promote(shop, staging, [production], initial?.id))).message).toContain(
      'v1 of shop-staging',
    );
    expect((await promote(shop, staging, [production], 'v99')).status).toBe(404);
    expect(versions()).toEqual(before);
  });
});

it('lists the newest build, release and deployment of each app in a pipeline', async () => {
  const shop = await pipeline('shop');
  await bench.pushedApp('shop-staging');
  await couple('shop-staging', shop, 'staging');
  await ask('PATCH', '/apps/shop-staging/config-vars', { A: '1' });
  await ask('POST', '/apps/shop-staging/builds', { source_blob: { url: 'http://x/y.tgz' } });
  expect((await ask('GET', '/pipelines/shop/latest-builds')).body).toHaveLength(1);
  expect((await ask('GET', '/pipelines/shop/latest-releases')).body).toMatchObject([{ version: 3 }]);
  expect((await ask('GET', '/pipelines/shop/latest-deployments')).body).toMatchObject([{ version: 2 }]);
  expect((await ask('GET', '/pipelines/shop/pipeline-stack')).body).toMatchObject({
    stack: { name: 'heroku-24' },
  });
});
