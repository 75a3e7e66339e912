import { expect, it } from 'vitest';
import type { Backups } from '../../../daemon/addons/backups/backups.js';
import { BackupSchedules } from '../../../daemon/addons/backups/schedules.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
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

/** One look; answers whose backup was asked for. */
function looked(store: Store): string[] {
  const captured: string[] = [];
  const schedules = new BackupSchedules({
    ...{ store, clock, logger: createLogger('silent', 'test'), actor: () => 'ada' },
    backups: {
      capture: ({ id, appId, name }, origin, actor) => {
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
