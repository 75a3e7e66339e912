import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddonData, AddonInstance, AddonService } from '../../../daemon/addons/addon.js';
import { Addons } from '../../../daemon/addons/addons.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AppRecord } from '../../../daemon/store/apps.js';
import type { Binding } from '../../../daemon/store/releases.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const ACTOR = 'ada@example.com';
/** Its naps are short, so that nobody waits for what is looked at from time to time. */
const impatient: Clock = { now: () => Date.now(), sleep: (_, signal) => systemClock.sleep(1, signal) };

/** A service whose credential is a number. */
class CountingService implements AddonService {
  readonly name = 'db';
  readonly humanName = 'DB';
  readonly herokuName = 'heroku-db';
  readonly defaultAttachment = 'DATABASE';
  readonly plans = [{ name: 'db:local', description: '', isDefault: true }];
  /** Credentials that were ended. */
  readonly ended: unknown[] = [];
  beginning: () => Promise<void> = async () => undefined;
  endFailure: Error | null = null;
  readonly rotation = {
    begin: async ({ data }: AddonInstance): Promise<AddonData> => {
      await this.beginning();
      return { key: Number(data['key']) + 1 };
    },
    end: async ({ data }: AddonInstance, former: AddonData): Promise<AddonData> => {
      if (this.endFailure) throw this.endFailure;
      this.ended.push(former['key']);
      return data;
    },
  };
  readonly provision = async () => ({ data: { key: 1 } });
  readonly ensureRunning = async () => undefined;
  readonly open = async ({ data }: AddonInstance) => data;
  readonly configVars = ({ data }: AddonInstance, attachment: string) => ({
    [`${attachment}_URL`]: `db://${data['key']}`,
  });
  readonly configKeys = (attachment: string) => [`${attachment}_URL`];
  readonly localAddress = () => ({ host: 'localhost', port: 1 });
  readonly describe = async () => [];
  readonly stop = async () => undefined;
  readonly deprovision = async () => undefined;
}

function world() {
  const store = Store.open(tempHome());
  onTestFinished(() => store.close());
  const service = new CountingService();
  /** Does a release become the app's current one, or does its command fail? */
  const releasing = { works: true };
  const tfkd = (): Addons => {
    const addons: Addons = new Addons({
      store,
      clock: impatient,
      logger: createLogger('silent', 'test'),
      services: [service],
      aliases: {},
      rebind: async (appId) => {
        if (releasing.works) release(store, appId, addons.attached(appId, 'process'));
      },
      actor: () => ACTOR,
    });
    onTestFinished(() => addons.stop());
    return addons;
  };
  const addons = tfkd();
  const shop = new Apps(store, systemClock, () => undefined, 'process').create({
    name: 'shop',
    actor: ACTOR,
  });
  const create = () =>
    addons.create({
      app: shop,
      plan: 'db',
      name: 'shop-db',
      attachment: null,
      options: {},
      confirm: null,
      waitMs: null,
      actor: ACTOR,
    });
  return { store, service, releasing, tfkd, addons, shop, create };
}

function release(
  store: Store,
  appId: string,
  { bindings, vars }: { bindings: readonly Binding[]; vars: Readonly<Record<string, string>> },
): void {
  const id = newId();
  store.releases.insert({
    id,
    appId,
    description: '',
    userEmail: ACTOR,
    slugId: null,
    config: vars,
    bindings,
    processTypes: {},
    createdAt: 0,
    status: 'succeeded',
    outputSecret: null,
  });
  store.apps.setCurrentRelease(appId, id, 0);
}

function aDyno(store: Store, { id: appId }: AppRecord): string {
  const instance = newId();
  store.dynos.insert({
    instance,
    appId,
    name: 'web.1',
    type: 'web',
    kind: 'formation',
    releaseId: store.releases.current(appId)?.id ?? '',
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

const keyOf = (store: Store, appId: string) => store.releases.current(appId)?.config['DATABASE_URL'];

describe('rotated credentials', () => {
  it('come by a release, and the former ones end with the last dyno that has them', async () => {
    const { store, service, addons, shop, create } = world();
    const addon = await create();
    const dyno = aDyno(store, shop);
    await addons.rotateCredentials(addon, ACTOR);
    expect(keyOf(store, shop.id)).toBe('db://2');
    expect(await addons.facts(store.addons.find(addon.id) ?? addon)).toEqual([
      ['Credentials', 'New; the former ones end with the last dyno that has them'],
    ]);
    await expect(addons.rotateCredentials(addon, ACTOR)).rejects.toMatchObject({ id: 'conflict' });
    expect(service.ended).toEqual([]);
    store.dynos.delete(dyno);
    await expect.poll(() => service.ended).toEqual([1]);
    await expect.poll(() => store.addonRotations.all()).toEqual([]);
    expect(await addons.facts(store.addons.find(addon.id) ?? addon)).toEqual([]);
  });

  it('are not ended where the release with the new ones fails: the next one that works brings them', async () => {
    const { store, service, releasing, addons, shop, create } = world();
    const addon = await create();
    releasing.works = false;
    await addons.rotateCredentials(addon, ACTOR);
    expect([keyOf(store, shop.id), service.ended]).toEqual(['db://1', []]);
    release(store, shop.id, addons.attached(shop.id, 'process'));
    await expect.poll(() => service.ended).toEqual([1]);
  });

  it('that were begun are finished by the next tfkd', async () => {
    const { store, service, releasing, tfkd, addons, shop, create } = world();
    const addon = await create();
    releasing.works = false;
    await addons.rotateCredentials(addon, ACTOR);
    addons.stop();
    releasing.works = true;
    await tfkd().recover();
    await expect.poll(() => service.ended).toEqual([1]);
    expect(keyOf(store, shop.id)).toBe('db://2');
  });

  it('are begun once by two at once, and not at all where the service fails', async () => {
    const { store, service, addons, create } = world();
    const addon = await create();
    service.beginning = () => Promise.reject(new Error('the server is down'));
    await expect(addons.rotateCredentials(addon, ACTOR)).rejects.toThrow('the server is down');
    expect([store.addonRotations.all(), store.addons.find(addon.id)?.data]).toEqual([[], { key: 1 }]);
    service.beginning = async () => undefined;
    service.endFailure = new Error('the server is down');
    const both = await Promise.allSettled([1, 2].map(() => addons.rotateCredentials(addon, ACTOR)));
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(store.addons.find(addon.id)?.data).toEqual({ key: 2 });
    service.endFailure = null;
    await expect.poll(() => service.ended).toEqual([1]);
  });

  it('go with an add-on that is destroyed meanwhile', async () => {
    const { store, addons, shop, create } = world();
    const addon = await create();
    aDyno(store, shop);
    await addons.rotateCredentials(addon, ACTOR);
    await addons.destroy(store.addons.find(addon.id) ?? addon, ACTOR);
    expect(store.addonRotations.all()).toEqual([]);
  });
});
