import { expect, it, onTestFinished, vi } from 'vitest';
import { Apps } from '../../../daemon/release/apps.js';
import { Pipelines } from '../../../daemon/release/pipelines.js';
import { Promotions } from '../../../daemon/release/promotions.js';
import { Releases } from '../../../daemon/release/releases.js';
import { systemClock as clock } from '../../../daemon/shared/clock.js';
import { newId, newSecret } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const ACTOR = 'ada@example.com';
const logger = createLogger('silent', 'test');

/** One tfkd over the home: its stages, until the test opens another one. */
function tfkd(
  store: Store,
  hooks: { command?: () => Promise<string | null>; diesBeforeReleases?: boolean } = {},
) {
  const releases = new Releases({
    store,
    clock,
    logger,
    attached: () => ({ bindings: [], vars: {} }),
    runReleaseCommand: hooks.command ?? (async () => null),
    hasArtifact: async () => true,
    openAddons: async () => undefined,
    record: () => undefined,
    notify: () => undefined,
  });
  const never = { promote: () => new Promise<never>(() => undefined) };
  const promotions = new Promotions({
    store,
    clock,
    logger,
    releases: hooks.diesBeforeReleases ? never : releases,
    hasArtifact: async () => true,
  });
  return { releases, promotions };
}

async function world() {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const { releases } = tfkd(store);
  const apps = new Apps(store, clock, () => undefined, 'process');
  const pipelines = new Pipelines(store, clock);
  const pipeline = pipelines.create('shop');
  const [source, one, two] = ['source', 'target-one', 'target-two'].map((name) =>
    apps.create({ name, actor: ACTOR }),
  ) as [AppRecord, AppRecord, AppRecord];
  pipelines.couple(pipeline, source, 'staging');
  for (const app of [one, two]) pipelines.couple(pipeline, app, 'production');
  const slug = insertSlug(store, source);
  const firstDeploy = { formation: {}, config: {} };
  await releases.deploy(source.id, { ...slug, description: 'Deploy', firstDeploy }, ACTOR);
  await vi.waitFor(() => expect(store.releases.current(source.id)?.version).toBe(2));
  const request = { pipeline, source, release: null, targets: [one, two], actor: ACTOR };
  const destroy = (app: AppRecord): void => {
    apps.destroy(app.id);
    store.transaction(() => store.apps.delete(app.id));
  };
  return { store, pipelines, pipeline, source, one, two, request, destroy };
}

const PROCESS_TYPES = { web: 'node web.js', release: 'migrate' };

function insertSlug(store: Store, app: AppRecord) {
  const [id, sourceId, buildId] = [newId(), newId(), newId()];
  store.slugs.insert({
    id,
    appId: app.id,
    contentKey: id,
    artifact: { engine: 'process', id, size: 1 },
    processTypes: PROCESS_TYPES,
    launchEnv: { NODE_ENV: 'production' },
    launchPath: ['node_modules/.bin'],
    healthchecks: null,
    checksum: 'SHA256:0',
    commit: '1a2b3c4d5e',
    planner: 'node',
    size: 1,
    createdAt: clock.now(),
  });
  store.slugs.putContents(id, { files: { 'web.js': 'abc' }, dependencies: {} });
  store.sources.insert({ id: sourceId, putSecret: newSecret(), getSecret: newSecret(), createdAt: 0 });
  store.builds.insert({
    id: buildId,
    appId: app.id,
    userEmail: ACTOR,
    sourceId,
    sourceUrl: '/tfk/sources/x',
    sourceVersion: '1a2b3c4d5e',
    sourceDescription: null,
    sourceChecksum: null,
    outputSecret: newSecret(),
    createdAt: clock.now(),
  });
  store.builds.finish(buildId, { status: 'succeeded', slugId: id, releaseId: null, message: null }, 0);
  return { id, processTypes: PROCESS_TYPES, sourceId };
}

const versions = (store: Store, app: AppRecord) => store.releases.list(app.id).map(({ version }) => version);

it('killed before its releases were made makes each of them once at the next start, though its source is gone', async () => {
  const { store, request, source, one, two, destroy } = await world();
  const promotion = await tfkd(store, { diesBeforeReleases: true }).promotions.create(request);
  const statuses = () => store.pipelinePromotions.targets(promotion.id).map(({ status }) => status);
  expect(statuses()).toEqual(['pending', 'pending']);
  destroy(source);
  expect(store.slugs.inUse(10)).toHaveLength(2);
  tfkd(store).promotions.recover();
  await vi.waitFor(() => expect(statuses()).toEqual(['succeeded', 'succeeded']));
  tfkd(store).promotions.recover();
  for (const app of [one, two]) {
    expect(versions(store, app)).toEqual([2, 1]);
    const current = store.releases.current(app.id);
    expect(current).toMatchObject({ description: 'Promote source v2 1a2b3c4d', userEmail: ACTOR });
    expect(store.slugs.byId(current?.slugId ?? '')).toMatchObject({
      appId: app.id,
      launchPath: ['node_modules/.bin'],
    });
    expect(store.slugs.contents(current?.slugId ?? '')?.files).toEqual({ 'web.js': 'abc' });
  }
});

it('killed in a release command makes no second release: the one goes on, and its end is the target’s', async () => {
  const { store, request, one } = await world();
  const before = tfkd(store, { command: () => new Promise(() => undefined) });
  const promotion = await before.promotions.create({ ...request, targets: [one] });
  const target = () => store.pipelinePromotions.targets(promotion.id)[0];
  await vi.waitFor(() => expect(target()?.releaseId).not.toBeNull());
  expect(target()).toMatchObject({ status: 'pending', message: null });
  const next = tfkd(store, { command: async () => 'it ended with 1' });
  next.releases.recover();
  next.promotions.recover();
  await vi.waitFor(() => expect(target()).toMatchObject({ status: 'failed', message: 'it ended with 1' }));
  expect(versions(store, one)).toEqual([2, 1]);
  expect(store.releases.current(one.id)?.version).toBe(1);
});

it('waits in line behind another release of its target', async () => {
  const { store, request, one } = await world();
  let endCommand: (failure: null) => void = () => undefined;
  const { promotions } = tfkd(store, { command: () => new Promise((resolve) => (endCommand = resolve)) });
  const first = await promotions.create({ ...request, targets: [one] });
  await vi.waitFor(() => expect(versions(store, one)).toEqual([2, 1]));
  const second = await promotions.create({ ...request, targets: [one] });
  expect(store.pipelinePromotions.targets(second.id)).toMatchObject([{ releaseId: null, status: 'pending' }]);
  endCommand(null);
  await vi.waitFor(() => expect(versions(store, one)).toEqual([3, 2, 1]));
  endCommand(null);
  for (const { id } of [first, second]) {
    await vi.waitFor(() =>
      expect(store.pipelinePromotions.targets(id)).toMatchObject([{ status: 'succeeded' }]),
    );
  }
});

it('ends with its pipeline: nothing more is released', async () => {
  const { store, pipelines, pipeline, request, one } = await world();
  await tfkd(store, { diesBeforeReleases: true }).promotions.create(request);
  const waiting = store.pipelinePromotions.waiting();
  pipelines.destroy(pipeline.id);
  const { releases, promotions } = tfkd(store);
  promotions.recover();
  const late = {
    id: waiting[0]?.slugId ?? '',
    processTypes: PROCESS_TYPES,
    description: 'x',
    engine: 'process',
  };
  const refusal = releases.promote(one.id, late, ACTOR, (release) => {
    if (!store.pipelinePromotions.setRelease(waiting[0]?.id ?? '', release.id, 0)) throw new Error('gone');
  });
  await expect(refusal).rejects.toThrow('gone');
  expect(versions(store, one)).toEqual([1]);
});

it('keeps the source of what was promoted, also over two promotions and without the app that built it', async () => {
  const { store, request, source, one, two, destroy } = await world();
  const [sourceId] = store.builds.newestSources([store.releases.current(source.id)?.slugId ?? '']);
  const { promotions } = tfkd(store);
  const releasedOn = async (app: AppRecord, from: AppRecord) => {
    await promotions.create({ ...request, source: from, targets: [app] });
    await vi.waitFor(() => expect(versions(store, app)).toEqual([2, 1]));
    await vi.waitFor(() => expect(store.releases.current(app.id)?.version).toBe(2));
  };
  await releasedOn(one, source);
  await releasedOn(two, one);
  destroy(source);
  destroy(one);
  const slugId = store.releases.current(two.id)?.slugId ?? '';
  expect(store.builds.newestSources([slugId])).toEqual([sourceId]);
  expect(store.slugs.origin(slugId)).toEqual({
    sourceId,
    sourceUrl: '/tfk/sources/x',
    sourceVersion: '1a2b3c4d5e',
    sourceChecksum: null,
  });
});
