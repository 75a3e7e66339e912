import { expect, it } from 'vitest';
import { BackupSchedules } from '../../../daemon/addons/backups/schedules.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const NOON = Date.UTC(2026, 5, 1, 12);
const DAY = 24 * 60 * 60_000;

it('one whose time zone is not known any more keeps no other from its backup', () => {
  const store = Store.open(tempHome());
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });
  for (const id of ['odd', 'even']) {
    store.addons.insert({ id, name: id, appId: app.id, service: 'postgres', plan: 'standard', createdAt: 0 });
    store.addons.markProvisioned(id, {}, 0);
    const timeZone = id === 'odd' ? 'Mars/Base' : 'UTC';
    const due = { nextAt: NOON - (id === 'odd' ? 2 : 1), createdAt: 0 };
    store.backupSchedules.put({ id, addonId: id, hour: 12, minute: 0, timeZone, ...due });
  }
  const captured: string[] = [];
  const clock: Clock = { now: () => NOON, sleep: () => new Promise(() => undefined) };
  const schedules = new BackupSchedules({
    ...{ store, clock, logger: createLogger('silent', 'test'), actor: () => 'ada' },
    backups: {
      capture: ({ id }) => {
        captured.push(id);
        throw new Error('only noted');
      },
    },
  });
  schedules.start();
  schedules.stop();
  expect(captured).toEqual(['odd', 'even']);
  expect(store.backupSchedules.of('odd')?.nextAt).toBe(NOON + DAY);
  expect(store.backupSchedules.of('even')?.nextAt).toBe(NOON + DAY);
  store.close();
});
