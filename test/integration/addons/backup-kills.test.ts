import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AddonBackups, AddonInstance } from '../../../daemon/addons/addon.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import { differences, type Content } from '../../../daemon/addons/backups/content.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import type { JobQueue } from '../../../daemon/addons/backups/job-queue.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import type { BackupRecord } from '../../../daemon/store/backups.js';
import { Store } from '../../../daemon/store/store.js';
import { KillSwitch } from '../../support/kill-switch.js';

/** What the files of this process do is an effect as well: that of the tfkd which is alive. */
const disk = vi.hoisted((): { effect: (what: string) => void } => ({ effect: () => undefined }));
vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original();
  const open: typeof real.open = async (path, flags, mode) => {
    if (flags === 'w') disk.effect('open');
    const handle = await real.open(path, flags, mode);
    const append = handle.appendFile.bind(handle);
    handle.appendFile = async (...values) => {
      disk.effect('append');
      return append(...values);
    };
    return handle;
  };
  const rename: typeof real.rename = async (...paths) => {
    disk.effect('rename');
    return real.rename(...paths);
  };
  const rm: typeof real.rm = async (...values) => {
    disk.effect('rm');
    return real.rm(...values);
  };
  return { ...real, open, rename, rm };
});

const ACTOR = 'ada';
const NEVER_MS = 24 * 3_600_000;
const OLD = 'what was there';
const NEW = 'what was written since';

/** A server with databases that are one text each, and commands that are done or not. */
class PlayedServer {
  readonly databases = new Map([['main', OLD]]);
  answers = true;

  /** As one tfkd speaks to it. */
  backups(effect: (what: string) => void): AddonBackups {
    const { databases } = this;
    const beside = async (file: string): Promise<Content> => {
      await cleanUp();
      effect('create scratch');
      databases.set('scratch', '');
      const text = await readFile(file, 'utf8');
      effect('fill scratch');
      databases.set('scratch', text);
      return contentOf(text);
    };
    const drop = async (...names: readonly string[]): Promise<void> => {
      for (const name of names) {
        if (!databases.has(name)) continue;
        effect(`drop ${name}`);
        databases.delete(name);
      }
    };
    const cleanUp = () => drop('scratch', 'former');
    return {
      prepare: async ({ data }) => data,
      answers: async () => true,
      sizeOf: async () => 1,
      capture: async (_addon: AddonInstance, output: Writable) => {
        const text = databases.get('main') ?? '';
        output.end(text);
        return contentOf(text);
      },
      prove: async (_addon, file, content) => {
        try {
          return differences(content, await beside(file));
        } finally {
          await cleanUp();
        }
      },
      restore: async (_addon, file, accept) => {
        accept(await beside(file));
        effect('swap');
        databases.set('former', databases.get('main') ?? '');
        databases.set('main', databases.get('scratch') ?? '');
        databases.delete('scratch');
      },
      wasRestored: async () => {
        if (!this.answers) throw new Error('ECONNREFUSED');
        return databases.has('former');
      },
      cleanUp,
      dropUnfinished: () => drop('scratch'),
    };
  }
}

const contentOf = (text: string): Content => ({
  version: '15',
  tables: [{ name: 't', rows: 1, digest: text }],
  objects: {},
});

let template: string;
let addon: AddonRecord;

beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  const store = Store.open(template);
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: ACTOR });
  store.addons.insert({ id: 'db', name: 'db', appId: app.id, service: 'postgres', plan: 'x', createdAt: 0 });
  store.addons.markProvisioned('db', {}, 0);
  addon = store.addons.find('db') as AddonRecord;
  store.close();
});
afterAll(() => rmSync(template, { recursive: true }));

/** One database and its backups, on which one tfkd after the other works. */
class World {
  readonly home = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  readonly server = new PlayedServer();
  readonly folder = join(this.home, 'backups');
  readonly files = new BackupFiles(this.folder);

  static async open(): Promise<World> {
    const world = new World();
    for (const file of ['tfk.db', 'secret.key']) await copyFile(join(template, file), join(world.home, file));
    return world;
  }

  /** Works until all is done that was asked for, or until it is killed. */
  async tfkd<T>(kill: KillSwitch, work: (backups: Backups) => Promise<T> | T): Promise<T | undefined> {
    const store = kill.watchStore(Store.open(this.home));
    disk.effect = kill.effect;
    const instance = { id: addon.id, name: addon.name, data: {} } as unknown as AddonInstance;
    // A dead one does not wait until it can write, and for a living one no time passes.
    const sleep: Clock['sleep'] = (_ms, signal) => {
      if (kill.killed) void backups.stop();
      return systemClock.sleep(NEVER_MS, signal);
    };
    const backups = new Backups({
      ...{
        store,
        clock: { ...systemClock, sleep },
        logger: createLogger('silent', 'test'),
        files: this.files,
        kept: 1,
      },
      source: async () => ({ addon: instance, backups: this.server.backups(kill.effect) }),
      record: () => undefined,
    });
    const result = await Promise.resolve()
      .then(() => work(backups))
      .catch(() => undefined);
    await (Reflect.get(backups, 'queue') as JobQueue).idle();
    disk.effect = () => undefined;
    await backups.stop();
    store.close();
    return result;
  }

  look<T>(at: (store: Store) => T): T {
    const store = Store.open(this.home);
    const seen = at(store);
    store.close();
    return seen;
  }

  remove(): void {
    rmSync(this.home, { recursive: true });
  }
}

interface Scenario {
  /** Before anything is killed. */
  readonly before?: (world: World) => Promise<unknown>;
  readonly work: (backups: Backups, world: World) => Promise<unknown>;
}

const captured = (world: World) =>
  world.tfkd(new KillSwitch(), (tfkd) => tfkd.capture(addon, 'manual', ACTOR));
const newestOr = (world: World): BackupRecord | undefined =>
  world.look((store) => store.backups.ofAddon(addon.id))[0];
const newest = (world: World): BackupRecord => {
  const backup = newestOr(world);
  if (!backup) throw new Error('there is a backup');
  return backup;
};
async function capturedThenWritten(world: World): Promise<void> {
  await captured(world);
  world.server.databases.set('main', NEW);
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  // The second takes the place of the first, since one is kept.
  'a backup': {
    before: capturedThenWritten,
    work: async (tfkd) => tfkd.capture(addon, 'manual', ACTOR),
  },
  'a restore': {
    before: capturedThenWritten,
    work: async (tfkd, world) => tfkd.restore(addon, newest(world), ACTOR),
  },
  'an upload': {
    work: async (tfkd) => {
      const { backup } = tfkd.announce(addon, ACTOR);
      await tfkd.receive(backup, Readable.from(['brought', ' along']), null);
    },
  },
  'a removal': { before: captured, work: async (tfkd, world) => tfkd.remove(newest(world)) },
};

/** `kills`: of each tfkd, how many effects it comes to; the last one lives. */
async function lived({ before, work }: Scenario, kills: readonly number[]) {
  const world = await World.open();
  await before?.(world);
  const main = world.server.databases.get('main');
  const switches = kills.map((after) => new KillSwitch(after));
  for (const [index, kill] of [...switches, new KillSwitch()].entries()) {
    if (index > 0 && switches[index - 1]?.killed === false) break;
    await world.tfkd(kill, (tfkd) => (index === 0 ? work(tfkd, world) : tfkd.recover()));
  }
  return { world, main, switches };
}

async function expectWhole(world: World, main: string | undefined): Promise<void> {
  const { server, folder, files } = world;
  const backups = world.look((store) => store.backups.ofAddon(addon.id));
  const restores = world.look((store) => store.restores.list(addon.appId));
  expect([...server.databases.keys()]).toEqual(['main']);

  for (const backup of backups) {
    if (backup.bytes === null) {
      expect(backup).toMatchObject({ state: 'failed', reason: expect.stringMatching(/./) as string });
      continue;
    }
    expect(['verified', 'unverified']).toContain(backup.state);
    const bytes = readFileSync(files.pathOf(backup));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(backup.sha256);
  }
  const there = existsSync(folder)
    ? readdirSync(folder).flatMap((app) => readdirSync(join(folder, app)))
    : [];
  const known = backups.filter(({ bytes }) => bytes !== null).map(({ id }) => id);
  expect(there.sort()).toEqual(known.sort());

  const [restore] = restores;
  if (restore) expect(['succeeded', 'failed']).toContain(restore.state);
  expect(server.databases.get('main')).toBe(restore?.state === 'succeeded' ? OLD : main);
  if (restore?.state === 'failed') expect(restore.reason).toMatch(/^The data is as it was: /);
}

describe.each(Object.entries(SCENARIOS))('%s', (name, scenario) => {
  it('is done or not begun wherever tfkd is killed, and killed again as it recovers', async () => {
    for (let first = 0; ; first++) {
      for (let second = 0; ; second++) {
        const { world, main, switches } = await lived(scenario, [first, second]);
        const where = switches.map(({ effects }) => effects.join(', ')).join('\n');
        await expectWhole(world, main).catch((error: unknown) => {
          throw new Error(`killed after:\n${where}`, { cause: error });
        });
        if (name === 'a backup') {
          const good = world
            .look((store) => store.backups.ofAddon(addon.id))
            .filter(({ bytes }) => bytes !== null);
          expect(good.length, where).toBeGreaterThan(0);
        }
        await captured(world);
        expect(newest(world).state, where).toBe('verified');
        world.remove();
        if (!switches[0]?.killed) return;
        if (!switches[1]?.killed) break;
      }
    }
  }, 60_000);
});

it('a restore of which nobody can tell whether it was done says so', async () => {
  const world = await World.open();
  await capturedThenWritten(world);
  const kill = new KillSwitch(5);
  await world.tfkd(kill, (tfkd) => tfkd.restore(addon, newest(world), ACTOR));
  expect(kill.effects.at(-1)).toBe('swap');
  world.server.answers = false;
  await world.tfkd(new KillSwitch(), (tfkd) => tfkd.recover());
  const [restore] = world.look((store) => store.restores.list(addon.appId));
  expect(restore).toMatchObject({
    state: 'failed',
    reason:
      'Whether the data was replaced is not known, since its server does not answer: tfkd ended before it was done',
  });
  world.remove();
});

it('a daily backup is made again once wherever tfkd is killed, and not for ever where it is killed each time', async () => {
  const schedule = { id: 's', addonId: addon.id, hour: 12, minute: 0, timeZone: 'UTC', createdAt: 0 };
  const TOMORROW = Date.now() + NEVER_MS;
  const isDue = (world: World) => world.look((store) => store.backupSchedules.due(Date.now()).length > 0);
  /** As it is made when it is due. */
  const made = (world: World, kill: KillSwitch) => {
    world.look((store) => store.backupSchedules.put({ ...schedule, nextAt: TOMORROW }));
    return world.tfkd(kill, (tfkd) => tfkd.capture(addon, 'scheduled', ACTOR));
  };
  const recovered = (world: World, kill = new KillSwitch()) => world.tfkd(kill, (tfkd) => tfkd.recover());
  /** Its record has an end, or there is none. */
  const isWhole = (world: World) => world.look((store) => store.backups.unfinished().length === 0);

  for (let after = 0, killed = true; killed; after++) {
    const world = await World.open();
    const kill = new KillSwitch(after);
    await made(world, kill);
    ({ killed } = kill);
    const where = kill.effects.join(', ');
    const wasPending = newestOr(world)?.state === 'pending';
    const isCut = !isWhole(world);
    await recovered(world, new KillSwitch(1));
    await recovered(world);
    expect(isWhole(world), where).toBe(true);
    expect(isDue(world), where).toBe(isCut);

    if (isCut) {
      await made(world, new KillSwitch(after));
      await recovered(world);
      expect(isDue(world), where).toBe(wasPending);
      await made(world, new KillSwitch());
      expect(newest(world).state, where).toBe('verified');
    }
    world.remove();
  }
}, 60_000);
