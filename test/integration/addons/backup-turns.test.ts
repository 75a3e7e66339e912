import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AddonBackups, AddonInstance } from '../../../daemon/addons/addon.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import type { Content } from '../../../daemon/addons/backups/content.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const CONTENT: Content = { version: '15', tables: [], objects: {} };
const MINUTE = 60_000;
const SILENT = (name: string) => `The server of ${name} answers nothing any more.`;

let home: string;
let store: Store;
let clock: VirtualClock;
let backups: Backups;
/** Servers that take what is asked of them, and never come to its end. */
let endless: Set<string>;
/** Those of them that do not even answer who asks whether they are there. */
let mute: Set<string>;
/** What is asked of servers, in its order. */
let asked: string[];

beforeEach(() => {
  home = tempHome();
  store = Store.open(home);
  clock = new VirtualClock(Date.UTC(2026, 5, 1, 12));
  [endless, mute, asked] = [new Set(), new Set(), []];
  backups = new Backups({
    ...{ store, clock, logger: createLogger('silent', 'test'), kept: 7, record: () => undefined },
    files: new BackupFiles(join(home, 'backups')),
    source: async (id) => ({
      addon: { id, name: id, data: {} } as unknown as AddonInstance,
      backups: playedBackups(id),
    }),
  });
});
afterEach(async () => {
  await backups.stop();
  store.close();
});

function playedBackups(id: string): AddonBackups {
  const done = async (what: string, signal: AbortSignal): Promise<void> => {
    asked.push(`${what} ${id}`);
    signal.throwIfAborted();
    if (!endless.has(id)) return;
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('The operation was aborted')));
    });
  };
  return {
    prepare: async ({ data }) => data,
    answers: async () => !mute.has(id),
    sizeOf: async () => 1,
    capture: async (_addon, output, signal) => {
      await done('capture', signal);
      output.end('PGDMP');
      return CONTENT;
    },
    prove: async () => [],
    restore: async (_addon, _file, accept, signal) => {
      await done('restore', signal);
      accept(CONTENT);
    },
    wasRestored: async () => false,
    cleanUp: async () => undefined,
    dropUnfinished: (_addon, signal) => done('dropUnfinished', signal),
  };
}

function database(name: string, is?: 'busy' | 'mute'): AddonRecord {
  const app = store.apps.list()[0] ?? anApp();
  store.addons.insert({ id: name, name, appId: app.id, service: 'postgres', plan: 'x', createdAt: 0 });
  store.addons.markProvisioned(name, {}, 0);
  if (is) endless.add(name);
  if (is === 'mute') mute.add(name);
  return store.addons.find(name) as AddonRecord;
}
const anApp = () =>
  new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });

const capture = (addon: AddonRecord) => backups.capture(addon, 'manual', 'ada').id;
const stateOf = (id: string) => store.backups.find(id)?.state;
/** Real files take real time. */
const becomes = (id: string, state: string) =>
  expect.poll(() => stateOf(id), { timeout: 10_000 }).toBe(state);
/** Of two that are worked on at once, either may be there first. */
const isAsked = (...what: readonly string[]) =>
  expect.poll(() => [...asked].sort(), { timeout: 10_000 }).toEqual([...what].sort());
const minutes = (count: number) => clock.passUntil(clock.now() + count * MINUTE);

it('a database that answers nothing holds up no other, and its backup has failed within minutes, with the reason', async () => {
  const silent = database('silent', 'mute');
  const held = capture(silent);
  const other = capture(database('other'));
  await becomes(other, 'verified');
  expect(stateOf(held)).toBe('running');
  await isAsked('capture silent', 'capture other');
  await minutes(4);
  await becomes(held, 'failed');
  expect(store.backups.find(held)?.reason).toBe(SILENT('silent'));
  endless.clear();
  await becomes(capture(silent), 'verified');
});

it('as many of them as are worked on at once hold up the others no longer', async () => {
  const held = ['one', 'two', 'three'].map((name) => capture(database(name, 'mute')));
  const other = capture(database('other'));
  await isAsked('capture one', 'capture two');
  await minutes(1);
  expect([...held, other].map(stateOf)).toEqual(['running', 'running', 'pending', 'pending']);
  await minutes(3);
  for (const id of held.slice(0, 2)) await becomes(id, 'failed');
  await becomes(other, 'verified');
});

it('one that has much to do, and says so, is waited for', async () => {
  const long = capture(database('large', 'busy'));
  await isAsked('capture large');
  await minutes(12 * 60);
  expect(stateOf(long)).toBe('running');
});

it('a restore into a database that falls silent says so, and how the data is', async () => {
  const silent = database('silent');
  const good = capture(silent);
  await becomes(good, 'verified');
  endless.add('silent');
  mute.add('silent');
  const backup = store.backups.find(good);
  if (!backup) throw new Error('it was made');
  const { id } = backups.restore(silent, backup, 'ada');
  await isAsked('capture silent', 'restore silent');
  await minutes(4);
  await expect.poll(() => store.restores.find(id)?.state, { timeout: 10_000 }).toBe('failed');
  expect(store.restores.find(id)?.reason).toBe(`The data is as it was: ${SILENT('silent')}`);
});

it('what a start finds of a database that is silent keeps no other from its recovery, and from its jobs', async () => {
  for (const name of ['silent', 'other']) {
    const { appId, id: addonId, name: addonName } = database(name, name === 'silent' ? 'mute' : undefined);
    const cut = { appId, addonId, addonName, actor: 'ada', createdAt: name === 'silent' ? 1 : 2 };
    store.backups.insert({ ...cut, id: `cut-${name}`, origin: 'manual' });
    store.restores.insert({ ...cut, id: `restore-${name}`, backupNumber: 1 });
    store.restores.begin(`restore-${name}`);
  }
  backups.recover();
  await becomes('cut-other', 'failed');
  await expect.poll(() => store.restores.find('restore-other')?.state).toBe('failed');
  const next = capture(store.addons.find('other') as AddonRecord);
  await becomes(next, 'verified');
  expect(stateOf('cut-silent')).toBe('pending');
  await minutes(4);
  await becomes('cut-silent', 'failed');
});

it('jobs are begun in the order in which they were asked for, and two are done at once', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const ids = names.map((name) => capture(database(name, 'busy')));
  await isAsked('capture a', 'capture b');
  mute.add('b');
  await minutes(4);
  await isAsked('capture a', 'capture b', 'capture c');
  expect(ids.map(stateOf)).toEqual(['running', 'failed', 'running', 'pending']);
});
