import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddonInstance, AddonService, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { Addons } from '../../../daemon/addons/addons.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { Binding, ReleaseStatus } from '../../../daemon/store/releases.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const ACTOR = 'ada@example.com';
const BUSY = new TfkError('conflict', 'v5 is still running its release command. Nothing was changed.', {
  hint: 'Watch it with: tfk releases:output v5',
});
const AWAY = new TfkError('unavailable', 'Docker does not answer.');

/** Add-ons over a real store, and a service that notes what it is asked. */
function world(clock: Clock = systemClock) {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const service = new NotingService();
  const releases: string[] = [];
  /** How often the app's release has to wait for another one. */
  const queue = { before: 0 };
  const rebind = async (appId: string, description: string) => {
    if (queue.before-- > 0) throw BUSY;
    const { vars } = addons.attached(appId, store.apps.find(appId)?.engine ?? '');
    releases.push(`${description.replace(/ \(.*/, '')}: ${JSON.stringify(vars)}`);
  };
  const addons: Addons = new Addons({
    store,
    clock,
    logger: createLogger('silent', 'test'),
    services: [service],
    aliases: { 'heroku-postgresql': 'db' },
    rebind,
    actor: () => ACTOR,
  });
  onTestFinished(() => addons.stop());
  const app = (name: string, engine: string): AppRecord =>
    new Apps(store, systemClock, () => undefined, engine).create({ name, actor: ACTOR });
  const create = (of: AppRecord, name = `db-of-${of.name}`): Promise<AddonRecord> =>
    addons.create({
      app: of,
      plan: 'db',
      name,
      attachment: null,
      options: {},
      confirm: null,
      waitMs: null,
      actor: ACTOR,
    });
  return { store, service, releases, queue, addons, app, create };
}

class NotingService implements AddonService {
  readonly name = 'db';
  readonly humanName = 'DB';
  readonly herokuName = 'heroku-db';
  readonly defaultAttachment = 'DATABASE';
  readonly configKeys = (attachment: string) => [`${attachment}_URL`];
  readonly plans = [
    { name: 'db:local', description: '', isDefault: true },
    { name: 'db:essential-0', description: '', isDefault: false },
  ];
  readonly provisioned: ProvisionRequest[] = [];
  readonly opened: (readonly [instance: AddonInstance, engine: string])[] = [];
  readonly ensured: AddonInstance[] = [];
  readonly removed: AddonInstance[] = [];
  /** What happens while it makes one. */
  meanwhile: (request: ProvisionRequest) => Promise<unknown> = async () => undefined;
  provisionFailure: Error | null = null;
  /** What happens while it lets an engine's dynos in. */
  opening: () => Promise<void> = async () => undefined;
  openFailure: Error | null = null;
  removalFailure: Error | null = null;

  async provision(request: ProvisionRequest) {
    this.provisioned.push(request);
    await this.meanwhile(request);
    if (this.provisionFailure) throw this.provisionFailure;
    return { data: { at: request.engine } };
  }
  /** What it takes to see one run. */
  seeing: (addon: AddonInstance, signal: AbortSignal | undefined) => Promise<void> = async () => undefined;
  async ensureRunning(addon: AddonInstance, signal?: AbortSignal) {
    this.ensured.push(addon);
    await this.seeing(addon, signal);
  }
  async open(addon: AddonInstance, engine: string) {
    await this.opening();
    if (this.openFailure) throw this.openFailure;
    this.opened.push([addon, engine]);
    return { ...addon.data, [`open to ${engine}`]: 1 };
  }
  configVars({ name, data }: AddonInstance, attachment: string, engine: string) {
    const open = Object.keys(data).includes(`open to ${engine}`) || data['at'] === engine;
    return { [`${attachment}_URL`]: `${name} for ${engine}${open ? '' : ', closed'}` };
  }
  localAddress = () => ({ host: 'localhost', port: 1 });
  describe = async () => [];
  stop = async () => undefined;
  async deprovision(addon: AddonInstance) {
    if (this.removalFailure) throw this.removalFailure;
    this.removed.push(addon);
  }
}

function aRelease(
  store: Store,
  { id: appId }: AppRecord,
  { status, on, bindings }: { status: ReleaseStatus; on: string; bindings: readonly Binding[] },
): string {
  const [id, slugId] = [newId(), newId()];
  store.slugs.insert({
    id: slugId,
    appId,
    contentKey: slugId,
    artifact: { engine: on, id: slugId, size: 1 },
    processTypes: {},
    launchEnv: {},
    launchPath: [],
    healthchecks: null,
    checksum: '',
    commit: null,
    planner: 'node',
    size: 1,
    createdAt: 0,
  });
  store.releases.insert({
    id,
    appId,
    description: '',
    userEmail: ACTOR,
    slugId,
    config: {},
    bindings,
    processTypes: {},
    createdAt: 0,
    status,
    outputSecret: null,
  });
  return id;
}

function setConfig(store: Store, { id: appId }: AppRecord, config: Record<string, string>): void {
  const id = newId();
  const release = { id, appId, description: '', userEmail: ACTOR, slugId: null, config, bindings: [] };
  store.releases.insert({
    ...release,
    processTypes: {},
    createdAt: 0,
    status: 'succeeded',
    outputSecret: null,
  });
  store.apps.setCurrentRelease(appId, id, 0);
}

function aDyno(store: Store, { id: appId }: AppRecord, releaseId: string): string {
  const instance = newId();
  store.dynos.insert({
    instance,
    appId,
    name: 'web.1',
    type: 'web',
    kind: 'formation',
    releaseId,
    releaseVersion: 1,
    command: 'node web.js',
    size: 'basic',
    attached: false,
    attempt: 0,
    createdAt: 0,
    timeLimitMs: null,
  });
  return instance;
}

describe('a new add-on', () => {
  it('is made where its app’s engine is, and its release names it as dynos there reach it', async () => {
    const { service, releases, app, create } = world();
    const contained = app('contained', 'docker');
    await create(contained);
    await create(app('plain', 'process'));
    expect(service.provisioned.map(({ engine, apps }) => ({ engine, apps }))).toEqual([
      { engine: 'docker', apps: [contained.id] },
      { engine: 'process', apps: [] },
    ]);
    expect(releases).toEqual([
      'Attach DATABASE: {"DATABASE_URL":"db-of-contained for docker"}',
      'Attach DATABASE: {"DATABASE_URL":"db-of-plain for process"}',
    ]);
  });

  it('is attached under a name of its own, also beside another that is made at the same time', async () => {
    const { store, service, releases, app, create } = world();
    const shop = app('shop', 'process');
    const both = new Promise<void>((resolve) => {
      service.meanwhile = async () => {
        if (service.provisioned.length === 2) resolve();
        await both;
      };
    });
    await Promise.all([create(shop, 'db-one'), create(shop, 'db-two')]);
    expect(store.addons.attachmentsOf(shop.id).map(({ name }) => name)).toEqual(['DATABASE', 'DATABASE_2']);
    expect(releases.map((text) => text.split(':')[0])).toEqual(['Attach DATABASE', 'Attach DATABASE_2']);
    expect(service.removed).toEqual([]);
  });

  it('is not left closed to an app that moves while it is made', async () => {
    const { store, service, releases, app, create } = world();
    const shop = app('shop', 'process');
    service.meanwhile = async () => store.apps.setEngine(shop.id, 'docker', 0);
    await expect(create(shop)).rejects.toThrow(
      'shop moved while db-of-shop was being made. Nothing is left of it.',
    );
    expect(service.removed).toMatchObject([{ engine: 'process' }]);
    expect([store.addons.all(), releases]).toEqual([[], []]);
  });

  it('answers after its patience, and goes on alone', async () => {
    const { store, service, releases, addons, app } = world();
    let go = (): void => undefined;
    const made = new Promise<void>((resolve) => (go = resolve));
    service.meanwhile = () => made;
    const request = { plan: 'db', name: 'slow-db', attachment: null, options: {}, confirm: null };
    const addon = await addons.create({ ...request, app: app('shop', 'process'), waitMs: 5, actor: ACTOR });
    expect(addon.state).toBe('provisioning');
    go();
    await expect.poll(() => releases).toHaveLength(1);
    expect(store.addons.find('slow-db')).toMatchObject({ state: 'provisioned' });
  });

  it('is of a plan that there is', async () => {
    const { store, addons, app } = world();
    const request = { name: null, attachment: null, options: {}, confirm: null, waitMs: null };
    const create = (plan: string) =>
      addons.create({ ...request, app: app('a-app', 'process'), plan, actor: ACTOR });
    await expect(create('heroku-postgresql:nosuch')).rejects.toMatchObject({
      id: 'invalid_params',
      message: `Couldn't find either the add-on service or the add-on plan of "heroku-postgresql:nosuch".`,
      hint: 'The plans are local, essential-0.',
    });
    expect(store.addons.all()).toEqual([]);
  });

  it('keeps out of the way of a config var that the user has set', async () => {
    const { store, addons, app, create } = world();
    const shop = app('shop', 'process');
    setConfig(store, shop, { DATABASE_URL: 'postgres://elsewhere' });
    const addon = await create(shop);
    expect(store.addons.attachmentsOf(shop.id)).toMatchObject([{ name: 'DATABASE_2' }]);
    const named = { addon, app: shop, name: 'DATABASE', actor: ACTOR };
    await expect(addons.attach({ ...named, confirm: null })).rejects.toMatchObject({
      id: 'confirmation_required',
      message: 'Adding DATABASE to app shop would overwrite existing vars DATABASE_URL. Nothing was changed.',
    });
    await addons.attach({ ...named, confirm: 'shop' });
    expect(store.addons.attachmentsOf(shop.id)).toHaveLength(2);
  });

  it('takes no setting that nobody reads', async () => {
    const { store, addons, app } = world();
    const request = {
      app: app('shop', 'docker'),
      plan: 'db',
      name: null,
      attachment: null,
      confirm: null,
      waitMs: null,
    };
    const creating = addons.create({ ...request, options: { version: '16', fast: 'yes' }, actor: ACTOR });
    await expect(creating).rejects.toMatchObject({
      id: 'invalid_params',
      message: 'db has no setting version, fast. Nothing was created.',
    });
    expect(store.addons.all()).toEqual([]);
  });

  it.each(['localhost', 'a', 'Upper', 'with space', '-dash'])('is never called %s', async (name) => {
    const { store, app, create } = world();
    await expect(create(app('shop', 'docker'), name)).rejects.toMatchObject({ id: 'invalid_params' });
    expect(store.addons.all()).toEqual([]);
  });

  it('whose making fails is told with the reason, and leaves no row', async () => {
    const { store, service, app, create } = world();
    service.provisionFailure = new Error('the disk is full');
    await expect(create(app('shop', 'docker'))).rejects.toThrow(
      'db-of-shop could not be made: the disk is full',
    );
    expect(store.addons.all()).toEqual([]);
    expect(service.removed).toMatchObject([{ engine: 'docker', data: {} }]);
  });

  it('whose remains cannot be removed yet is removed when tfkd next starts', async () => {
    const { store, service, addons, app, create } = world();
    service.provisionFailure = AWAY;
    service.removalFailure = AWAY;
    await expect(create(app('shop', 'docker'))).rejects.toBe(AWAY);
    expect(store.addons.all()).toMatchObject([{ state: 'deprovisioning' }]);
    service.removalFailure = null;
    await addons.recover();
    expect(store.addons.all()).toEqual([]);
  });
});

describe('an add-on that is destroyed while it is made', () => {
  it('leaves neither a server nor a name in a release', async () => {
    const { store, service, releases, addons, app, create } = world();
    const removals: string[] = [];
    service.meanwhile = async ({ name }) => {
      const addon = store.addons.find(name);
      if (addon) await addons.destroy(addon, ACTOR);
      removals.push(...service.removed.splice(0).map((removed) => removed.name));
    };
    await expect(create(app('shop', 'docker'))).rejects.toMatchObject({
      id: 'gone',
      message: 'db-of-shop was destroyed while it was being made. Nothing is left of it.',
    });
    expect(removals).toEqual(['db-of-shop']);
    expect(service.removed).toMatchObject([{ name: 'db-of-shop', engine: 'docker', data: {} }]);
    expect(store.addons.all()).toEqual([]);
    expect(releases).toEqual([]);
  });

  it('is removed at the next turn where its end has only begun', async () => {
    const { store, service, addons, app, create } = world();
    service.meanwhile = async ({ name }) => {
      const addon = store.addons.find(name);
      service.removalFailure = AWAY;
      if (addon) await expect(addons.destroy(addon, ACTOR)).rejects.toBe(AWAY);
    };
    await expect(create(app('shop', 'docker'))).rejects.toMatchObject({ id: 'gone' });
    expect(store.addons.all()).toMatchObject([{ state: 'deprovisioning', data: null }]);
    service.removalFailure = null;
    await addons.recover();
    expect(store.addons.all()).toEqual([]);
  });
});

describe('an add-on', () => {
  it('takes the name of another attachment only when that is confirmed, in one step', async () => {
    const { store, releases, addons, app, create } = world();
    const shop = app('shop', 'process');
    await create(shop, 'db-one');
    const two = await create(shop, 'db-two');
    const promoted = { addon: two, app: shop, name: 'DATABASE', actor: ACTOR };
    for (const confirm of [null, 'another'])
      await expect(addons.attach({ ...promoted, confirm })).rejects.toMatchObject({
        id: 'confirmation_required',
      });
    await addons.attach({ ...promoted, confirm: 'shop' });
    expect(
      store.addons
        .attachmentsOf(shop.id)
        .map(({ name, addonId }) => [name, store.addons.find(addonId)?.name]),
    ).toEqual([
      ['DATABASE_2', 'db-two'],
      ['DATABASE', 'db-two'],
    ]);
    expect(releases).toHaveLength(3);
    expect(releases.at(-1)).toContain('"DATABASE_URL":"db-two for process"');
  });

  it('that is renamed stays where containers look for it, and nobody else gets that name', async () => {
    const { store, service, addons, app, create } = world();
    const shop = app('shop', 'process');
    const addon = await create(shop, 'db-one');
    expect(addons.rename(addon, 'main-db').name).toBe('main-db');
    await addons.open(shop.id, 'docker');
    expect(service.opened).toMatchObject([[{ name: 'main-db', hostName: 'db-one' }, 'docker']]);
    await expect(create(shop, 'db-one')).rejects.toThrow('The add-on name db-one is taken');
    const other = await create(shop, 'db-two');
    expect(() => addons.rename(other, 'main-db')).toThrow('The add-on name main-db is taken');
    expect(() => addons.rename(other, 'no spaces')).toThrow('cannot be the name of an add-on');
    expect(addons.rename({ ...addon, name: 'main-db' }, 'db-one').name).toBe('db-one');
    expect(store.addons.all().map(({ name }) => name)).toEqual(['db-one', 'db-two']);
  });

  it('changes between the plans of its service', async () => {
    const { addons, app, create } = world();
    const addon = await create(app('shop', 'process'));
    expect(addons.changePlan(addon, 'heroku-postgresql:essential-0').plan).toBe('db:essential-0');
    expect(() => addons.changePlan(addon, 'redis:mini')).toThrow("Couldn't find either the add-on service");
    expect(() => addons.changePlan({ ...addon, service: 'other' }, 'db')).toThrow('of the service other');
  });
});

describe('an add-on that is attached to another app', () => {
  it('lets that app’s dynos in before the release that names it to them', async () => {
    const { store, service, releases, addons, app, create } = world();
    const addon = await create(app('plain', 'process'));
    const contained = app('contained', 'docker');
    await addons.attach({ addon, app: contained, name: null, confirm: null, actor: ACTOR });
    expect(service.opened).toMatchObject([[{ id: addon.id, apps: [contained.id] }, 'docker']]);
    expect(releases.at(-1)).toBe('Attach DATABASE: {"DATABASE_URL":"db-of-plain for docker"}');
    expect(store.addons.find(addon.id)?.data).toEqual({ at: 'process', 'open to docker': 1 });
  });

  it('is not attached, nor comes back, where it is destroyed meanwhile', async () => {
    const { store, service, addons, app, create } = world();
    const addon = await create(app('plain', 'process'));
    service.removalFailure = AWAY;
    service.opening = async () => expect(addons.destroy(addon, ACTOR)).rejects.toBe(AWAY);
    const contained = app('contained', 'docker');
    const attaching = addons.attach({ addon, app: contained, name: null, confirm: null, actor: ACTOR });
    await expect(attaching).rejects.toMatchObject({ id: 'gone' });
    expect(store.addons.attachmentsOf(contained.id)).toEqual([]);
    expect(store.addons.find(addon.id)).toMatchObject({ state: 'deprovisioning' });
  });

  it('is not attached where that app’s dynos cannot reach it', async () => {
    const { store, service, releases, addons, app, create } = world();
    const addon = await create(app('plain', 'process'));
    service.openFailure = AWAY;
    const before = [...releases];
    const contained = app('contained', 'docker');
    await expect(
      addons.attach({ addon, app: contained, name: null, confirm: null, actor: ACTOR }),
    ).rejects.toBe(AWAY);
    expect(store.addons.attachmentsOf(contained.id)).toEqual([]);
    expect(releases).toEqual(before);
  });

  it('is looked after with the apps whose dynos are in containers, and without those it was detached from', async () => {
    const { store, service, addons, app, create } = world();
    const owner = app('owner', 'docker');
    const addon = await create(owner);
    const plain = app('plain', 'process');
    const other = app('other', 'docker');
    await addons.attach({ addon, app: plain, name: null, confirm: null, actor: ACTOR });
    const attachment = await addons.attach({ addon, app: other, name: null, confirm: null, actor: ACTOR });
    await addons.recover();
    expect(service.ensured.at(-1)?.apps).toEqual([owner.id, other.id]);
    const record = store.addons.attachments().find(({ id }) => id === attachment.id);
    await addons.detach(record ?? attachment, ACTOR);
    await addons.recover();
    expect(service.ensured.at(-1)?.apps).toEqual([owner.id]);
  });
});

describe('a release that has to wait for another one', () => {
  it('is told with what is so already, and made later', async () => {
    const { store, releases, queue, addons, app, create } = world();
    const owner = app('owner', 'process');
    queue.before = 1;
    await expect(create(owner)).rejects.toMatchObject({
      id: 'conflict',
      message:
        'db-of-owner is made and attached as DATABASE; the release that says so to its dynos waits: v5 is still running its release command.',
      hint: 'Watch it with: tfk releases:output v5',
    });
    expect(releases).toEqual([]);
    const made = (text: string) => expect.poll(() => releases.at(-1), { timeout: 10_000 }).toMatch(text);
    await made('Attach DATABASE: {"DATABASE_URL"');
    const [addon] = store.addons.all();
    if (!addon) throw new Error('it was made');
    queue.before = 1;
    const attaching = addons.attach({ addon, app: owner, name: 'SECOND', confirm: null, actor: ACTOR });
    await expect(attaching).rejects.toThrow(/^db-of-owner is attached as SECOND; the release .* waits: v5/);
    await made('Attach SECOND');
    const second = store.addons.attachmentsOf(owner.id).find(({ name }) => name === 'SECOND');
    if (!second) throw new Error('it was attached');
    queue.before = 1;
    await expect(addons.detach(second, ACTOR)).rejects.toThrow(
      /^SECOND is detached; the release .* waits: v5/,
    );
    await made('Detach SECOND');
  });

  it('does not keep an add-on from being destroyed, nor other apps from their releases', async () => {
    const { store, service, releases, queue, addons, app, create } = world();
    const addon = await create(app('owner', 'process'));
    await addons.attach({ addon, app: app('other', 'process'), name: 'SHARED', confirm: null, actor: ACTOR });
    queue.before = 1;
    await addons.destroy(addon, ACTOR);
    expect(service.removed).toMatchObject([{ id: addon.id }]);
    expect(store.addons.all()).toEqual([]);
    expect(releases.at(-1)).toBe('Detach SHARED: {}');
    await expect.poll(() => releases.at(-1), { timeout: 10_000 }).toBe('Detach DATABASE: {}');
  });
});

describe('an app in containers whose dynos know its add-on', () => {
  /** Its current release is on Docker and names the add-on to its one dyno. */
  async function aLiveApp() {
    const made = world();
    const { store, addons } = made;
    const app = made.app('shop', 'docker');
    const addon = await made.create(app);
    const bound = addons.attached(app.id, 'docker').bindings;
    const release = (status: 'succeeded' | 'pending', on: 'docker' | 'process', bindings = bound) =>
      aRelease(store, app, { status, on, bindings });
    const live = release('succeeded', 'docker');
    store.apps.setCurrentRelease(app.id, live, 0);
    const [attachment] = store.addons.attachmentsOf(app.id);
    if (!attachment) throw new Error('it was attached');
    const served = async () => {
      await addons.recover();
      return made.service.ensured.at(-1)?.apps;
    };
    return { ...made, app, addon, attachment, release, live, served };
  }

  it('keeps it after a detach until a release without it is there, which may take long or fail', async () => {
    const { store, addons, app, attachment, release, served } = await aLiveApp();
    await addons.detach(attachment, ACTOR);
    const without = release('pending', 'docker', []);
    expect(await served()).toEqual([app.id]);
    store.releases.setStatus(without, 'failed', 'exit 1', 0);
    expect(await served()).toEqual([app.id]);
    store.apps.setCurrentRelease(app.id, release('succeeded', 'docker', []), 0);
    expect(await served()).toEqual([]);
  });

  it.each([
    ['that runs', { engine: 'docker' }],
    ['that is about to', null],
  ])('keeps it after a move away for a dyno %s', async (_, handle) => {
    const { store, app, live, release, served } = await aLiveApp();
    const instance = aDyno(store, app, live);
    store.dynos.update(instance, { handle });
    store.apps.setEngine(app.id, 'process', 0);
    store.apps.setCurrentRelease(app.id, release('succeeded', 'process'), 0);
    expect(await served()).toEqual([app.id]);
    store.dynos.update(instance, { state: 'complete' });
    expect(await served()).toEqual([]);
  });

  it('keeps it while the release that brings the app back runs its command', async () => {
    const { store, app, release, served } = await aLiveApp();
    store.apps.setEngine(app.id, 'process', 0);
    store.apps.setCurrentRelease(app.id, release('succeeded', 'process'), 0);
    expect(await served()).toEqual([]);
    release('pending', 'docker');
    expect(await served()).toEqual([app.id]);
  });

  it('takes it along when the app is destroyed, with its last dyno', async () => {
    const { store, app, live, served } = await aLiveApp();
    const instance = aDyno(store, app, live);
    store.apps.markDestroyed(app.id, 0);
    expect(await served()).toEqual([app.id]);
    store.dynos.delete(instance);
    expect(await served()).toEqual([]);
  });
});

describe('the care of add-ons', () => {
  /** A clock whose sleepers wake when the test says so. */
  function aClock() {
    const sleepers: (() => void)[] = [];
    const clock: Clock = {
      now: () => 0,
      sleep: (_, signal) =>
        new Promise((resolve) => {
          sleepers.push(resolve);
          signal?.addEventListener('abort', () => resolve());
        }),
    };
    const tick = async () => {
      await expect.poll(() => sleepers.length).toBeGreaterThan(0);
      for (const wake of sleepers.splice(0)) wake();
    };
    return { clock, tick };
  }

  it('of one that takes long keeps no other waiting, is not begun twice, and ends with tfkd', async () => {
    const { clock, tick } = aClock();
    const { service, addons, app, create } = world(clock);
    const slow = await create(app('slow', 'process'));
    const quick = await create(app('quick', 'process'));
    service.seeing = async ({ id }, signal) => {
      if (id !== slow.id) return;
      await new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new Error('tfkd stops'))),
      );
    };
    const recovered = addons.recover();
    const seen = (id: string) => service.ensured.filter((instance) => instance.id === id).length;
    await tick();
    await expect.poll(() => seen(quick.id)).toBe(2);
    expect(seen(slow.id)).toBe(1);
    addons.stop();
    await recovered;
  });

  it('survives a service that this tfk does not know', async () => {
    const { store, service, addons, app, create } = world();
    const shop = app('shop', 'process');
    store.addons.insert({ id: newId(), appId: shop.id, name: 'old', service: 'x', plan: 'x', createdAt: 0 });
    const unknown = store.addons.find('old')?.id ?? '';
    store.addons.markProvisioned(unknown, {}, 0);
    const known = await create(shop);
    await addons.recover();
    expect(service.ensured.map(({ id }) => id)).toEqual([known.id]);
    await addons.stopServers();
    store.addons.markDeprovisioning(unknown, 0);
    await addons.recover();
    expect(store.addons.find('old')).toMatchObject({ state: 'deprovisioning' });
  });

  it('removes what was never finished, as soon as it can be removed', async () => {
    const { clock, tick } = aClock();
    const { store, service, addons, app } = world(clock);
    const { id: appId } = app('shop', 'docker');
    store.addons.insert({ id: newId(), appId, name: 'half', service: 'db', plan: 'db:local', createdAt: 0 });
    service.removalFailure = AWAY;
    await addons.recover();
    expect(store.addons.all()).toMatchObject([{ name: 'half', state: 'deprovisioning' }]);
    service.removalFailure = null;
    await tick();
    await expect.poll(() => store.addons.all()).toEqual([]);
  });
});

describe('an app that moves to containers', () => {
  it('has its add-ons opened before its engine changes, or hears why that cannot be', async () => {
    const { service, addons, app, create } = world();
    const moving = app('shop', 'process');
    await create(moving);
    await addons.open(moving.id, 'docker');
    expect(service.opened).toMatchObject([[{ apps: [moving.id] }, 'docker']]);
    expect(addons.attached(moving.id, 'docker').vars).toEqual({ DATABASE_URL: 'db-of-shop for docker' });
    service.openFailure = AWAY;
    await expect(addons.open(moving.id, 'docker')).rejects.toBe(AWAY);
  });

  it('keeps its add-ons open while its first release there waits for another one, and not for ever', async () => {
    const clock = { ...systemClock, now: () => Date.now() };
    const { service, addons, app, create } = world(clock);
    const moving = app('shop', 'process');
    await create(moving);
    await addons.open(moving.id, 'docker');
    await addons.recover();
    expect(service.ensured.at(-1)?.apps).toEqual([moving.id]);
    clock.now = () => Date.now() + 3 * 60_000;
    await addons.recover();
    expect(service.ensured.at(-1)?.apps).toEqual([]);
  });
});
