import { describe, expect, it, onTestFinished } from 'vitest';
import { Apps } from '../../../daemon/release/apps.js';
import type { Attached } from '../../../daemon/release/draft.js';
import { Releases } from '../../../daemon/release/releases.js';
import { rollbackWarnings } from '../../../daemon/release/rollback.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { ReleaseRecord } from '../../../daemon/store/releases.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

interface World {
  readonly store: Store;
  readonly releases: Releases;
  readonly appId: string;
  readonly notified: string[];
  /** Ends the release command that runs; null: it succeeded. */
  endCommand: (failure: string | null) => void;
  /** Release versions whose command was run, in order. */
  readonly commands: number[];
  attached: Attached;
}

const ACTOR = 'ada@example.com';
const NO_WISHES = { firstDeploy: { formation: {}, config: {} } };

function world(): World {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const notified: string[] = [];
  const made: World = {
    store,
    notified,
    commands: [],
    attached: { bindings: [], vars: {} },
    endCommand: () => undefined,
    appId: new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: ACTOR }).id,
    releases: new Releases({
      store,
      clock: systemClock,
      logger: createLogger('silent', 'test'),
      attached: () => made.attached,
      runReleaseCommand: (release) => {
        made.commands.push(release.version);
        return new Promise((resolve) => {
          made.endCommand = resolve;
        });
      },
      hasArtifact: () => Promise.resolve(true),
      openAddons: () => Promise.resolve(),
      record: () => undefined,
      notify: (appId) => notified.push(appId),
    }),
  };
  return made;
}

function aSlug(
  { store, appId }: World,
  processTypes: Record<string, string>,
): { id: string; processTypes: Record<string, string> } {
  const id = `slug-${store.releases.list(appId).length}-${Object.keys(processTypes).join('-')}`;
  store.slugs.insert({
    id,
    appId,
    contentKey: id,
    artifact: { engine: 'fake', id, size: 1 },
    processTypes,
    launchEnv: {},
    launchPath: [],
    healthchecks: null,
    checksum: 'SHA256:0',
    commit: null,
    planner: 'procfile',
    size: 1,
    createdAt: 0,
  });
  return { id, processTypes };
}

const deploy = (at: World, processTypes: Record<string, string>) =>
  at.releases.deploy(
    at.appId,
    { ...aSlug(at, processTypes), description: 'Deploy 1a2b3c4d', ...NO_WISHES },
    ACTOR,
  );

const current = ({ releases, appId }: World): ReleaseRecord => releases.current(appId);

describe('config vars', () => {
  it('make a release each, numbered without a gap', async () => {
    const at = world();
    await at.releases.setConfig(at.appId, { A: '1' }, ACTOR);
    const { release } = await at.releases.setConfig(at.appId, { B: 'line\nline ü', A: null }, ACTOR);
    expect(release).toMatchObject({
      version: 3,
      status: 'succeeded',
      description: 'Set B and remove A config vars',
    });
    expect(at.releases.config(at.appId)).toEqual({ B: 'line\nline ü' });
  });

  it('make no release when nothing changes', async () => {
    const at = world();
    await at.releases.setConfig(at.appId, { A: '1' }, ACTOR);
    const again = await at.releases.setConfig(at.appId, { A: '1', GONE: null }, ACTOR);
    expect(again).toMatchObject({ unchanged: true, release: { version: 2 } });
    expect(at.store.releases.list(at.appId)).toHaveLength(2);
  });

  it.each(['A=B', 'A B', '1A', '', 'A\0', 'PORT', 'TFK_X', 'é'])(
    'refuse the name %j and change nothing',
    async (key) => {
      const at = world();
      await expect(at.releases.setConfig(at.appId, { OK: '1', [key]: 'x' }, ACTOR)).rejects.toMatchObject({
        id: 'invalid_params',
      });
      expect(at.releases.config(at.appId)).toEqual({});
    },
  );

  it('refuse a value of 1 MiB and a NUL byte without repeating the value', async () => {
    const at = world();
    const secret = 'sesame'.repeat(200_000);
    const refusal = await at.releases
      .setConfig(at.appId, { A: secret }, ACTOR)
      .catch((error: unknown) => error);
    expect(String(refusal)).toMatch(/A has 1200000 bytes/);
    expect(String(refusal)).not.toContain('sesame');
    await expect(at.releases.setConfig(at.appId, { A: 'x\0y' }, ACTOR)).rejects.toThrow(/NUL/);
  });

  it('of an add-on cannot be overwritten, and may be sent back as they are', async () => {
    const at = world();
    at.attached = {
      bindings: [
        { addonId: 'a', addonName: 'pg', plan: 'p', attachment: 'DATABASE', keys: ['DATABASE_URL'] },
      ],
      vars: { DATABASE_URL: 'postgres://x' },
    };
    await at.releases.rebind(at.appId, 'Attach DATABASE (@ref:pg)', ACTOR);
    await expect(at.releases.setConfig(at.appId, { DATABASE_URL: 'y' }, ACTOR)).rejects.toThrow(
      /comes from an add-on/,
    );
    const echoed = await at.releases.setConfig(at.appId, { DATABASE_URL: 'postgres://x', A: '1' }, ACTOR);
    expect(echoed.release.config).toEqual({ DATABASE_URL: 'postgres://x', A: '1' });
  });
});

describe('a release with a release command', () => {
  it('becomes current only when the command has succeeded', async () => {
    const at = world();
    const { release } = await deploy(at, { web: 'node web.js', release: 'migrate' });
    expect(release).toMatchObject({ version: 2, status: 'pending' });
    expect(current(at).version).toBe(1);
    at.endCommand(null);
    await expect.poll(() => current(at).version).toBe(2);
    expect(at.store.releases.byVersion(at.appId, 2)?.status).toBe('succeeded');
    expect(at.notified).toContain(at.appId);
  });

  it('keeps its number and changes nothing else when the command fails, config included', async () => {
    const at = world();
    await deploy(at, { release: 'migrate' });
    at.endCommand(null);
    await expect.poll(() => current(at).version).toBe(2);
    await at.releases.setConfig(at.appId, { BAD: '1' }, ACTOR);
    at.endCommand('the release command exited with status 1');
    await expect.poll(() => at.store.releases.byVersion(at.appId, 3)?.status).toBe('failed');
    expect(current(at).version).toBe(2);
    expect(at.releases.config(at.appId)).toEqual({});
    await at.releases.setConfig(at.appId, { GOOD: '1' }, ACTOR);
    at.endCommand(null);
    await expect.poll(() => current(at).version).toBe(4);
    expect(at.releases.config(at.appId)).toEqual({ GOOD: '1' });
  });

  it('makes the releases behind it wait, in order', async () => {
    const at = world();
    await deploy(at, { release: 'migrate' });
    const second = at.releases.setConfig(at.appId, { A: '1' }, ACTOR);
    const third = at.releases.setConfig(at.appId, { A: '2' }, ACTOR);
    expect(at.store.releases.list(at.appId)).toHaveLength(2);
    at.endCommand(null);
    expect((await second).release.version).toBe(3);
    at.endCommand(null);
    expect((await third).release).toMatchObject({ version: 4, config: { A: '2' } });
    at.endCommand(null);
    await expect.poll(() => current(at).version).toBe(4);
    expect(at.commands).toEqual([2, 3, 4]);
  });

  it('is finished by the next tfkd when this one died in the middle', async () => {
    const at = world();
    const { release } = await deploy(at, { release: 'migrate' });
    const commands: number[] = [];
    const next = new Releases({
      store: at.store,
      clock: systemClock,
      logger: createLogger('silent', 'test'),
      attached: () => at.attached,
      runReleaseCommand: ({ version }) => {
        commands.push(version);
        return Promise.resolve(null);
      },
      hasArtifact: () => Promise.resolve(true),
      openAddons: () => Promise.resolve(),
      record: () => undefined,
      notify: () => undefined,
    });
    next.recover();
    await expect.poll(() => next.current(at.appId).id).toBe(release.id);
    expect(commands).toEqual([2]);
  });
});

describe('a deploy', () => {
  it('of the slug that runs already releases nothing', async () => {
    const at = world();
    const slug = { ...aSlug(at, { web: 'node web.js' }), description: 'Deploy', ...NO_WISHES };
    await at.releases.deploy(at.appId, slug, ACTOR);
    expect(await at.releases.deploy(at.appId, slug, ACTOR)).toMatchObject({
      unchanged: true,
      release: { version: 2 },
    });
  });

  it('starts one web dyno and none of other types, lists the release command among them, and leaves what was scaled', async () => {
    const at = world();
    await deploy(at, { web: 'node web.js', worker: 'node worker.js', release: 'true' });
    at.endCommand(null);
    await expect.poll(() => current(at).version).toBe(2);
    const quantities = () =>
      Object.fromEntries(at.store.formation.list(at.appId).map((entry) => [entry.type, entry.quantity]));
    expect(quantities()).toEqual({ release: 0, web: 1, worker: 0 });
    at.store.formation.put({
      id: 'x',
      appId: at.appId,
      type: 'web',
      quantity: 3,
      size: 'Standard-1X',
      now: 0,
    });
    await deploy(at, { web: 'node web.js', clock: 'node clock.js' });
    expect(quantities()).toEqual({ clock: 0, release: 0, web: 3, worker: 0 });
  });

  it('commits what belongs to it together with the release, or neither', async () => {
    const at = world();
    const slug = { ...aSlug(at, { web: 'node web.js' }), description: 'Deploy', ...NO_WISHES };
    const failing = at.releases.deploy(at.appId, slug, ACTOR, () => {
      throw new Error('disk full');
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(at.store.releases.list(at.appId)).toHaveLength(1);
    expect(current(at).version).toBe(1);
  });
});

describe('a rollback', () => {
  async function threeReleases(): Promise<World> {
    const at = world();
    await deploy(at, { web: 'old' });
    await at.releases.setConfig(at.appId, { A: '1' }, ACTOR);
    await deploy(at, { web: 'new' });
    return at;
  }
  const byVersion = (at: World, version: number): ReleaseRecord => {
    const release = at.store.releases.byVersion(at.appId, version);
    if (!release) throw new Error(`no v${version}`);
    return release;
  };

  it('makes a new release with the old code and config, and the add-ons of now', async () => {
    const at = await threeReleases();
    at.attached = {
      bindings: [
        { addonId: 'a', addonName: 'pg', plan: 'p', attachment: 'DATABASE', keys: ['DATABASE_URL'] },
      ],
      vars: { DATABASE_URL: 'postgres://now' },
    };
    const { release } = await at.releases.rollback(at.appId, byVersion(at, 2), ACTOR);
    expect(release).toMatchObject({
      version: 5,
      description: 'Rollback to v2',
      processTypes: { web: 'old' },
      config: { DATABASE_URL: 'postgres://now' },
    });
  });

  it.each([
    [4, /v4 is the current release already/],
    [1, /v1 has no code yet/],
  ])('to v%i is refused and says why', async (version, why) => {
    const at = await threeReleases();
    await expect(at.releases.rollback(at.appId, byVersion(at, version), ACTOR)).rejects.toThrow(why);
    expect(at.store.releases.list(at.appId)).toHaveLength(4);
  });
});

describe('the database', () => {
  it('refuses to change or remove a release', async () => {
    const home = tempHome();
    const store = Store.open(home);
    const app = new Apps(store, systemClock, () => undefined, 'process').create({
      name: 'shop',
      actor: ACTOR,
    });
    store.close();
    const { default: Database } = await import('better-sqlite3');
    const db = new Database(`${home}/tfk.db`);
    onTestFinished(() => void db.close());
    db.pragma('foreign_keys = ON');
    expect(() => db.prepare("UPDATE releases SET description = 'x'").run()).toThrow(/immutable/);
    expect(() => db.prepare('DELETE FROM releases').run()).toThrow(/as long as its app/);
    expect(() => db.prepare("UPDATE release_states SET status = 'failed'").run()).toThrow(/final/);
    db.prepare('UPDATE apps SET destroyed_at = 1 WHERE id = ?').run(app.id);
    expect(db.prepare('DELETE FROM releases').run().changes).toBe(1);
  });

  it('holds no config value in plain text, in any of its files', async () => {
    const at = world();
    const secret = 'canary-7f3a9c';
    await at.releases.setConfig(at.appId, { TOKEN: secret }, ACTOR);
    const { readdirSync, readFileSync } = await import('node:fs');
    const home = (at.store as unknown as { db: { name: string } }).db.name.replace(/\/tfk\.db$/, '');
    for (const name of readdirSync(home).filter((file) => file.startsWith('tfk.db'))) {
      expect(readFileSync(`${home}/${name}`).includes(secret)).toBe(false);
    }
  });
});

describe('what a rollback cannot bring back', () => {
  it('is told by name', async () => {
    const at = world();
    at.attached = {
      bindings: [
        { addonId: 'a', addonName: 'pg-1', plan: 'p', attachment: 'DATABASE', keys: ['DATABASE_URL'] },
      ],
      vars: { DATABASE_URL: 'postgres://then' },
    };
    const then = (await deploy(at, { web: 'old' })).release;
    at.attached = { bindings: [], vars: {} };
    await deploy(at, { web: 'new' });
    const { release } = await at.releases.rollback(at.appId, then, ACTOR);
    expect(rollbackWarnings(then, release)).toEqual([
      'v2 had pg-1 attached as DATABASE; a rollback does not attach add-ons.',
    ]);
    expect(release.config).toEqual({});
  });
});
