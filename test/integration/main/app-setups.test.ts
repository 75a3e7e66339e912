import { expect, it, onTestFinished, vi } from 'vitest';
import type { AppJson } from '../../../buildpacks/app-json.js';
import type { PlannedBuild } from '../../../daemon/build/contracts.js';
import { AppSetups } from '../../../daemon/main/app-setups.js';
import { Apps } from '../../../daemon/release/apps.js';
import { Releases } from '../../../daemon/release/releases.js';
import { systemClock as clock } from '../../../daemon/shared/clock.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { newId, newSecret } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { DynoRecord } from '../../../daemon/store/dynos.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const ACTOR = 'ada@example.com';
const logger = createLogger('silent', 'test');

/** What the source asks for, and how its build and its postdeploy script end. */
interface Script {
  appJson?: AppJson | null;
  planError?: Error;
  build?: 'succeeds' | 'fails' | 'never ends';
  exitCode?: number | null;
}

function world(script: Script) {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const releases = new Releases({
    store,
    clock,
    logger,
    attached: () => ({ bindings: [], vars: {} }),
    runReleaseCommand: async () => null,
    hasArtifact: async () => true,
    openAddons: async () => undefined,
    record: () => undefined,
    notify: () => undefined,
  });
  const commands: string[] = [];
  const configs: Record<string, string>[] = [];
  const open = () => {
    const opened = new AppSetups({
      store,
      clock,
      logger,
      apps: new Apps(store, clock, () => undefined, 'process'),
      releases,
      builds: {
        async plan() {
          if (script.planError) throw script.planError;
          return { appJson: script.appJson ?? null } as PlannedBuild;
        },
        async create({ app, source, actor }) {
          configs.push({ ...releases.config(app.id) });
          return playedBuild({ store, releases, app, sourceId: source?.id ?? '', actor, end: script.build });
        },
      },
      fetchSource: async () => insertSource(store),
      oneOffs: {
        async runPostdeploy(_release, command, ended) {
          commands.push(command);
          await ended({
            name: 'postdeploy.1',
            exitCode: script.exitCode ?? 0,
            stopReason: null,
          } as DynoRecord);
        },
      },
      printed: async ({ name }) => `${name} seeded\n`,
    });
    onTestFinished(() => opened.stop());
    return opened;
  };
  const request = {
    name: 'shop',
    buildStack: null,
    source: null,
    url: 'http://elsewhere/shop.tgz',
    version: 'abc',
    checksum: null,
    env: { OWN: 'x' },
    buildpacks: [],
    actor: ACTOR,
  };
  const ended = async (id: string) => {
    await vi.waitFor(() => expect(store.appSetups.byId(id)?.status).not.toBe('pending'), { timeout: 20_000 });
    return store.appSetups.byId(id);
  };
  return { store, open, request, ended, commands, configs };
}

function insertSource(store: Store) {
  const id = newId();
  store.sources.insert({ id, putSecret: newSecret(), getSecret: newSecret(), createdAt: 0 });
  const source = store.sources.byId(id);
  if (!source) throw new Error('the source was inserted');
  return source;
}

async function playedBuild(of: {
  store: Store;
  releases: Releases;
  app: AppRecord;
  sourceId: string;
  actor: string;
  end: Script['build'];
}) {
  const { store, releases, app, sourceId, actor, end = 'succeeds' } = of;
  const [id, slugId] = [newId(), newId()];
  const source = {
    sourceId,
    sourceUrl: 'x',
    sourceVersion: null,
    sourceDescription: null,
    sourceChecksum: null,
  };
  store.builds.insert({ id, appId: app.id, userEmail: actor, ...source, outputSecret: id, createdAt: 0 });
  if (end === 'fails') {
    store.builds.finish(
      id,
      { status: 'failed', slugId: null, releaseId: null, message: 'npm ci failed.' },
      0,
    );
  }
  if (end === 'succeeds') {
    const processTypes = { web: 'node web.js' };
    store.slugs.insert({
      id: slugId,
      appId: app.id,
      contentKey: slugId,
      artifact: { engine: 'process', id: slugId, size: 1 },
      processTypes,
      launchEnv: {},
      launchPath: [],
      healthchecks: null,
      checksum: 'SHA256:0',
      commit: null,
      planner: 'node',
      size: 1,
      createdAt: 0,
    });
    const slug = {
      id: slugId,
      processTypes,
      description: 'Deploy',
      firstDeploy: { formation: {}, config: {} },
    };
    await releases.deploy(app.id, slug, actor, (release) =>
      store.builds.finish(id, { status: 'succeeded', slugId, releaseId: release.id, message: null }, 0),
    );
  }
  const build = store.builds.byId(id);
  if (!build) throw new Error('the build was inserted');
  return build;
}

const SHOP: AppJson = { scripts: { postdeploy: { command: 'node seed.js' } }, success_url: '/welcome' };

it('makes the app with its overrides, builds it, and runs the postdeploy script', async () => {
  const at = world({
    appJson: { ...SHOP, env: { OWN: 'not this', NEEDED: { required: true }, OTHER: 'y' } },
  });
  const setup = await at.open().create({ ...at.request, env: { OWN: 'x', NEEDED: 'z' } });
  expect(setup).toMatchObject({ status: 'pending', buildId: null });
  expect(await at.ended(setup.id)).toMatchObject({
    status: 'succeeded',
    failureMessage: null,
    buildId: expect.any(String) as string,
    postdeploy: { output: 'postdeploy.1 seeded\n', exitCode: 0 },
    successUrl: '/welcome',
  });
  expect(at.commands).toEqual(['node seed.js']);
  expect(at.configs).toEqual([{ OWN: 'x', NEEDED: 'z' }]);
});

it.each<[string, Script, object]>([
  ['there is no app.json', { appJson: null }, { manifestErrors: ['the source has no app.json'] }],
  [
    'app.json is wrong',
    {
      planError: new TfkError(
        'invalid_params',
        'app.json is not valid:\n  env: must be an object\n  name: must be a text',
      ),
    },
    { manifestErrors: ['env: must be an object', 'name: must be a text'] },
  ],
  [
    'a required config var has no value',
    { appJson: { env: { TOKEN: { required: true }, OWN: { required: true }, LATER: { required: false } } } },
    { manifestErrors: ['env/TOKEN: a value is required'] },
  ],
  [
    'the source cannot be built',
    { planError: new TfkError('invalid_params', 'No planner.') },
    { manifestErrors: [] },
  ],
  [
    'the build fails',
    { appJson: SHOP, build: 'fails' },
    { buildId: expect.any(String) as string, postdeploy: null },
  ],
  [
    'the postdeploy script fails',
    { appJson: SHOP, exitCode: 3 },
    { postdeploy: { exitCode: 3, output: 'postdeploy.1 seeded\n' } },
  ],
])('fails where %s, and the app stays', async (_why, script, expected) => {
  const at = world(script);
  const setup = await at.open().create(at.request);
  const ended = await at.ended(setup.id);
  expect(ended).toMatchObject({ status: 'failed', ...expected });
  expect(ended?.failureMessage).toContain(
    'The app shop stays as it is; to remove it: tfk apps:destroy -a shop',
  );
  expect(at.store.apps.find('shop')).toBeDefined();
});

it('makes nothing where the name or an override cannot be', async () => {
  const at = world({ appJson: SHOP });
  await expect(at.open().create({ ...at.request, name: 'No' })).rejects.toThrow('cannot be an app name');
  await expect(at.open().create({ ...at.request, env: { PORT: '1' } })).rejects.toThrow(
    'PORT is set by the platform',
  );
  await expect(at.open().create({ ...at.request, buildpacks: ['heroku/cobol'] })).rejects.toThrow(
    'heroku/cobol',
  );
  expect(at.store.apps.list()).toEqual([]);
  expect(at.store.appSetups.pending()).toEqual([]);
});

it('killed before the build was begun has failed; killed later it goes on with what was built, and runs no script twice', async () => {
  const at = world({ appJson: SHOP, build: 'never ends' });
  const killed = at.open();
  const setup = await killed.create(at.request);
  await vi.waitFor(() => expect(at.store.appSetups.byId(setup.id)?.buildId).not.toBeNull());
  killed.stop();
  const app = at.store.apps.find('shop');
  at.store.appSetups.insert({ id: 'early', appId: app?.id ?? '', userEmail: ACTOR, createdAt: 0 });
  const { buildId } = at.store.appSetups.byId(setup.id) ?? {};
  at.store.builds.finish(
    buildId ?? '',
    { status: 'succeeded', slugId: null, releaseId: null, message: null },
    0,
  );
  at.store.appSetups.setPostdeploy(setup.id, { output: 'done', exitCode: 0 }, 0);
  at.open().recover();
  expect(at.store.appSetups.byId('early')).toMatchObject({
    status: 'failed',
    failureMessage: expect.stringContaining('tfkd ended before') as string,
  });
  expect(await at.ended(setup.id)).toMatchObject({ status: 'succeeded', postdeploy: { output: 'done' } });
  expect(at.commands).toEqual([]);
});

it('ends with its app', async () => {
  const at = world({ appJson: SHOP, build: 'never ends' });
  const setup = await at.open().create(at.request);
  const app = at.store.apps.find('shop');
  at.store.apps.markDestroyed(app?.id ?? '', 0);
  await vi.waitFor(() => expect(at.store.appSetups.byId(setup.id)?.buildId).not.toBeNull());
  at.store.transaction(() => at.store.apps.delete(app?.id ?? ''));
  expect(at.store.appSetups.byId(setup.id)).toBeUndefined();
});
