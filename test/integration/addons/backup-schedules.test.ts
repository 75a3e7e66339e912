import { expect, it } from 'vitest';
import type { Backups } from '../../../daemon/addons/backups/backups.js';
import { BackupSchedules } from '../../../daemon/addons/backups/schedules.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { TfkError } from '../../../daemon/shared/errors.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { Store } from '../../../daemon/store/store.js';
import { KillSwitch } from '../../support/kill-switch.js';
import { tempHome } from '../../support/temp-home.js';

const NOON = Date.UTC(2026, 5, 1, 12);
const DAY = 24 * 60 * 60_000;

const clock: Clock = { now: () => NOON, sleep: () => new Promise(() => undefined) };

/** At noon, with a backup a day of each of these databases, due since just now. */
function storeWith(...timeZones: readonly string[]): Store {
  const store = Store.open(tempHome());
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });
  for (const [index, timeZone] of timeZones.entries()) {
    const id = `db-${index}`;
    store.addons.insert({ id, name: id, appId: app.id, service: 'postgres', plan: 'standard', createdAt: 0 });
    store.addons.markProvisioned(id, {}, 0);
    const nextAt = NOON - timeZones.length + index;
    store.backupSchedules.put({ id, addonId: id, hour: 12, minute: 0, timeZone, nextAt, createdAt: 0 });
  }
  return store;
}

/** One look; answers whose backup was asked for. `busy`: whose database has another job. */
function looked(store: Store, busy?: string): string[] {
  const captured: string[] = [];
  const schedules = new BackupSchedules({
    ...{ store, clock, logger: createLogger('silent', 'test'), actor: () => 'ada' },
    backups: {
      capture: ({ id, appId, name }, origin, actor) => {
        if (id === busy) throw new TfkError('conflict', `${name} is being restored. Nothing was begun.`);
        captured.push(id);
        store.backups.insert({ id, appId, addonId: id, addonName: name, origin, actor, createdAt: NOON });
        return store.backups.find(id) as ReturnType<Backups['capture']>;
      },
    },
  });
  schedules.start();
  schedules.stop();
  return captured;
}

it('one whose time zone is not known any more keeps no other from its backup', () => {
  const store = storeWith('Mars/Base', 'UTC');
  expect(looked(store)).toEqual(['db-0', 'db-1']);
  expect(store.backupSchedules.of('db-0')?.nextAt).toBe(NOON + DAY);
  expect(store.backupSchedules.of('db-1')?.nextAt).toBe(NOON + DAY);
  store.close();
});

it('one that a clock years ahead has put off for years is made tomorrow', () => {
  const store = storeWith('UTC', 'Mars/Base', 'UTC');
  const future = Date.UTC(2031, 0, 1);
  for (const id of ['db-0', 'db-1']) store.backupSchedules.setNext(id, future);
  store.backupSchedules.setNext('db-2', NOON + 1);
  expect(looked(store)).toEqual([]);
  for (const id of ['db-0', 'db-1']) expect(store.backupSchedules.of(id)?.nextAt).toBe(NOON + DAY);
  expect(store.backupSchedules.of('db-2')?.nextAt).toBe(NOON + 1);
  store.close();
});

it('one whose database has another job at that hour is made after it, and keeps no other waiting', () => {
  const store = storeWith('UTC', 'UTC');
  expect(looked(store, 'db-0')).toEqual(['db-1']);
  expect(looked(store, 'db-0')).toEqual([]);
  expect(looked(store)).toEqual(['db-0']);
  expect(looked(store)).toEqual([]);
  store.close();
});

it('one that is due is due still, or its backup is in the list, wherever tfkd is killed', () => {
  for (let after = 0; ; after++) {
    const store = storeWith('UTC');
    const kill = new KillSwitch(after);
    kill.watchStore(store);
    looked(store);
    const isDue = store.backupSchedules.due(NOON).length === 1;
    expect(isDue, kill.effects.join()).toBe(store.backups.ofAddon('db-0').length === 0);
    store.close();
    if (!kill.killed) return;
  }
});
