import { expect, it, onTestFinished } from 'vitest';
import { Engines } from '../../../daemon/engines/engines.js';
import { AppEngines } from '../../../daemon/main/app-engines.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock as clock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import { Store } from '../../../daemon/store/store.js';
import { createFakeEngine } from '../../support/fake-engine.js';
import { tempHome } from '../../support/temp-home.js';

function world() {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const docker = createFakeEngine(clock, { name: 'docker' });
  const kept = new Set<string>();
  const built: string[] = [];
  const opened: string[] = [];
  const rebound: string[] = [];
  const appEngines = new AppEngines({
    store,
    clock,
    engines: new Engines(
      [createFakeEngine(clock, { name: 'process' }), docker],
      createLogger('silent', 'test'),
    ),
    builds: {
      async create({ app, source, url, version, checksum, actor: userEmail }) {
        const id = insertBuild(store, app, {
          sourceId: source?.id ?? null,
          url,
          version,
          checksum,
          userEmail,
        });
        built.push(source?.id ?? '');
        const build = store.builds.byId(id);
        if (!build) throw new Error('the build was inserted');
        return build;
      },
    },
    hasSource: async (id) => kept.has(id),
    openAddons: async (_appId, engine) => void opened.push(engine),
    rebind: async (_appId, description) => void rebound.push(description),
  });
  const app = new Apps(store, clock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });
  const now = (): AppRecord => store.apps.find(app.id) ?? app;
  return { store, docker, kept, built, opened, rebound, appEngines, app, now };
}

type Source = {
  sourceId: string | null;
  url: string;
  version: string | null;
  checksum: string | null;
  userEmail: string;
};

function insertBuild(store: Store, app: AppRecord, source: Source): string {
  const id = newId();
  store.builds.insert({
    id,
    appId: app.id,
    userEmail: source.userEmail,
    sourceId: source.sourceId,
    sourceUrl: source.url,
    sourceVersion: source.version,
    sourceDescription: null,
    sourceChecksum: source.checksum,
    outputSecret: newId(),
    createdAt: clock.now(),
  });
  return id;
}

/** Gives the app code that the embedded engine built of a source. */
function deployed(store: Store, app: AppRecord): string {
  const [sourceId, slugId, releaseId] = [newId(), newId(), newId()];
  store.sources.insert({ id: sourceId, putSecret: newId(), getSecret: newId(), createdAt: 0 });
  const of = { sourceId, url: 'http://localhost/source', version: 'abc', checksum: null, userEmail: 'ada' };
  const buildId = insertBuild(store, app, of);
  store.slugs.insert({
    id: slugId,
    appId: app.id,
    contentKey: slugId,
    artifact: { engine: 'process', id: slugId, size: 1 },
    processTypes: { web: 'run' },
    launchEnv: {},
    launchPath: [],
    healthchecks: null,
    checksum: 'SHA256:0',
    commit: null,
    planner: 'node',
    size: 1,
    createdAt: 0,
  });
  store.releases.insert({
    id: releaseId,
    appId: app.id,
    description: 'Deploy',
    userEmail: 'ada',
    slugId,
    config: {},
    bindings: [],
    processTypes: { web: 'run' },
    createdAt: 0,
    status: 'succeeded',
    outputSecret: null,
  });
  store.builds.finish(buildId, { status: 'succeeded', slugId, releaseId, message: null }, 0);
  store.apps.setCurrentRelease(app.id, releaseId, 0);
  return sourceId;
}

it('builds what runs anew on the other engine, from its own source', async () => {
  const at = world();
  const sourceId = deployed(at.store, at.app);
  at.kept.add(sourceId);
  const build = await at.appEngines.move(at.now(), 'docker', 'grace');
  expect(build).toMatchObject({ sourceId, sourceVersion: 'abc', userEmail: 'grace', status: 'pending' });
  expect(at.built).toEqual([sourceId]);
  expect(at.opened).toEqual(['docker']);
  expect(at.now().engine).toBe('docker');
  expect(at.appEngines.runningOn(at.now())).toBe('process');
});

it('leaves it to the next push where the source is not kept', async () => {
  const at = world();
  deployed(at.store, at.app);
  expect(await at.appEngines.move(at.now(), 'docker', 'ada')).toBeNull();
  expect(at.now().engine).toBe('docker');
  expect(at.built).toEqual([]);
});

it('builds nothing for an app that runs there already, nor for one without code', async () => {
  const at = world();
  expect(await at.appEngines.move(at.now(), 'docker', 'ada')).toBeNull();
  expect(at.now().engine).toBe('docker');
  expect(at.rebound).toEqual(['Move to the docker engine']);
  at.kept.add(deployed(at.store, at.app));
  expect(await at.appEngines.move(at.now(), 'process', 'ada')).toBeNull();
  expect(at.now().engine).toBe('process');
  expect(at.built).toEqual([]);
});

it('changes nothing for an engine that is unknown or does not work', async () => {
  const at = world();
  at.kept.add(deployed(at.store, at.app));
  await expect(at.appEngines.move(at.now(), 'podman', 'ada')).rejects.toThrow('There is no engine "podman"');
  at.docker.silence('dockerd is down');
  await expect(at.appEngines.move(at.now(), 'docker', 'ada')).rejects.toMatchObject({
    id: 'unavailable',
    message: 'The docker engine does not work here: dockerd is down. Nothing was changed.',
    hint: 'Start it.',
  });
  expect(at.now().engine).toBe('process');
  expect(at.built).toEqual([]);
});
