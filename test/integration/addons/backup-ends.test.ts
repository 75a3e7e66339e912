import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AddonBackups, AddonInstance } from '../../../daemon/addons/addon.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import type { Content } from '../../../daemon/addons/backups/content.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import type { Connection } from '../../../daemon/store/database.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const NOON = Date.UTC(2026, 5, 1, 12);
const CONTENT: Content = { version: '15', tables: [{ name: 't', rows: 1, digest: '1' }], objects: {} };
const CUT_SHORT = 'tfkd ended before it was done';

let home: string;
let store: Store;
let clock: VirtualClock;
let backups: Backups;
let addon: AddonRecord;
/** Of the server of the add-on. */
let databases: Set<string>;
/** While a job is at work, so that the disk is full only when it has begun. */
let atWork: () => void;

beforeEach(() => {
  home = tempHome();
  store = Store.open(home);
  clock = new VirtualClock(NOON);
  databases = new Set(['main']);
  atWork = () => undefined;
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });
  store.addons.insert({ id: 'db', name: 'db', appId: app.id, service: 'postgres', plan: 'x', createdAt: 0 });
  store.addons.markProvisioned('db', {}, 0);
  addon = store.addons.find('db') as AddonRecord;
  backups = tfkd();
});
afterEach(async () => {
  await backups.stop();
  store.close();
});

function tfkd(time: Clock = clock): Backups {
  const played: AddonBackups = {
    prepare: async ({ data }) => data,
    answers: async () => true,
    sizeOf: async () => 1,
    capture: async (_addon, output) => {
      atWork();
      output.end('PGDMP');
      return CONTENT;
    },
    prove: async () => [],
    restore: async (_addon, _file, accept) => {
      atWork();
      accept(CONTENT);
      databases.add('former');
    },
    wasRestored: async () => databases.has('former'),
    cleanUp: async () => ['scratch', 'former'].forEach((name) => databases.delete(name)),
    dropUnfinished: async () => void databases.delete('scratch'),
  };
  const instance = { id: 'db', name: 'db', data: {} } as unknown as AddonInstance;
  return new Backups({
    ...{ store, clock: time, logger: createLogger('silent', 'test'), kept: 7, record: () => undefined },
    files: new BackupFiles(join(home, 'backups')),
    source: async () => ({ addon: instance, backups: played }),
  });
}

/** No write to the store finds room, until what it answers is called. */
function fullDisk(): () => void {
  const db = Reflect.get(store, 'db') as Connection;
  const prepare = db.prepare.bind(db) as (sql: string) => ReturnType<Connection['prepare']>;
  const refused = (): never => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  const spy = vi.spyOn(db, 'prepare').mockImplementation((sql: string) => {
    const statement = prepare(sql);
    return /^\s*SELECT/.test(sql) ? statement : Object.assign(statement, { run: refused, get: refused });
  });
  return () => spy.mockRestore();
}

const seconds = (count: number) => clock.passUntil(clock.now() + count * 1000);
/** Real files take real time. */
const until = async (holds: () => boolean) => expect.poll(holds, { timeout: 10_000 }).toBe(true);
const begin = () => backups.capture(addon, 'manual', 'ada');

it.each(['before it has begun', 'at its end'])(
  'a disk that is full %s keeps nobody from the database for longer than it is full',
  async (when) => {
    let freed: () => void = () => undefined;
    const isFull = vi.fn(() => {
      freed = fullDisk();
    });
    const { id } = begin();
    if (when === 'at its end') atWork = isFull;
    else isFull();
    const isTried = vi.spyOn(store.backups, 'end');
    await until(() => isTried.mock.calls.length === 1);
    await seconds(60);
    expect(isTried).toHaveBeenCalledTimes(3);
    expect(store.backups.find(id)?.finishedAt).toBeNull();
    expect(begin).toThrow(/is being backed up/);
    freed();
    await seconds(30);
    expect(store.backups.find(id)?.state).toBe(when === 'at its end' ? 'verified' : 'failed');
    begin();
  },
);

it('a restore whose end finds no room is known to be done when there is some', async () => {
  const backup = begin();
  await until(() => store.backups.find(backup.id)?.state === 'verified');
  let freed: () => void = () => undefined;
  atWork = () => {
    freed = fullDisk();
  };
  const isTried = vi.spyOn(store.restores, 'end');
  const verified = store.backups.find(backup.id);
  if (!verified) throw new Error('it is there');
  const { id } = backups.restore(addon, verified, 'ada');
  await until(() => isTried.mock.calls.length === 1);
  expect(databases).toContain('former');
  freed();
  await seconds(30);
  expect(store.restores.find(id)?.state).toBe('succeeded');
  expect(databases).not.toContain('former');
});

it('an upload that fails on a full disk says so at once, and is ended when there is room', async () => {
  const { backup, secret } = backups.announce(addon, 'ada');
  const freedAtOnce = fullDisk();
  await expect(backups.receive(backup, Readable.from(['x']), null)).rejects.toThrow(/full/);
  freedAtOnce();
  expect(backups.announced(secret)?.id).toBe(backup.id);
  let freed: () => void = () => undefined;
  const broken = new Readable({
    read() {
      freed = fullDisk();
      this.destroy(new Error('the client went away'));
    },
  });
  await expect(backups.receive(backup, broken, null)).rejects.toThrow('the client went away');
  expect(store.backups.find(backup.id)?.finishedAt).toBeNull();
  freed();
  await seconds(30);
  expect(store.backups.find(backup.id)).toMatchObject({ state: 'failed', reason: 'the client went away' });
});

it('an upload that was never sent is ended when there is room', async () => {
  backups.announce(addon, 'ada');
  const freed = fullDisk();
  await seconds(601);
  expect(begin).toThrow(/is being backed up/);
  freed();
  await seconds(30);
  begin();
});

it('an upload that was announced by a clock that is put right since keeps nobody from the database for longer', async () => {
  let ahead = 365 * 24 * 3_600_000;
  const wrong = { now: () => clock.now() + ahead, sleep: clock.sleep.bind(clock) };
  const misled = tfkd(wrong);
  const { backup, secret } = misled.announce(addon, 'ada');
  ahead = 0;
  await seconds(599);
  expect(misled.announced(secret)?.id).toBe(backup.id);
  await seconds(2);
  expect(misled.announced(secret)).toBeUndefined();
  expect(store.backups.find(backup.id)).toMatchObject({ state: 'failed', reason: 'its file was never sent' });
  misled.capture(addon, 'manual', 'ada');
  await misled.stop();
});

it('the address of a file that was shared by a clock that is put right since is closed as soon', async () => {
  let ahead = 365 * 24 * 3_600_000;
  const misled = tfkd({ now: () => clock.now() + ahead, sleep: clock.sleep.bind(clock) });
  const { secret } = misled.share(misled.announce(addon, 'ada').backup);
  ahead = 0;
  await seconds(601);
  expect(misled.shared(secret)).toBeUndefined();
  await misled.stop();
});

it('a start on a full disk makes room first, and does not wait for it when tfkd stops', async () => {
  const cut = { appId: addon.appId, addonId: 'db', addonName: 'db', actor: 'ada', createdAt: 1 };
  store.backups.insert({ ...cut, id: 'cut-backup', origin: 'manual' });
  store.backups.begin('cut-backup');
  store.restores.insert({ ...cut, id: 'done-restore', backupNumber: 1 });
  store.restores.begin('done-restore');
  databases = new Set(['main', 'scratch', 'former']);
  const folder = join(home, 'backups', addon.appId);
  await mkdir(folder, { recursive: true });
  const partial = join(folder, 'cut-backup.partial');
  await writeFile(partial, 'half');
  const freed = fullDisk();
  backups.recover();
  await until(() => !existsSync(partial) && !databases.has('scratch'));
  expect(databases).toContain('former');
  await backups.stop();
  expect(store.backups.find('cut-backup')?.state).toBe('running');

  backups = tfkd();
  backups.recover();
  await seconds(10);
  freed();
  const isEnded = () => store.restores.find('done-restore')?.finishedAt !== null;
  await expect.poll(() => seconds(30).then(isEnded)).toBe(true);
  expect(store.restores.find('done-restore')?.state).toBe('succeeded');
  expect(store.backups.find('cut-backup')).toMatchObject({ state: 'failed', reason: CUT_SHORT });
  await until(() => databases.size === 1);
});

describe('a daily backup that the end of tfkd', () => {
  const TOMORROW = NOON + 24 * 3_600_000;
  beforeEach(() =>
    store.backupSchedules.put({
      ...{ id: 's', addonId: 'db', hour: 12, minute: 0, timeZone: 'UTC', createdAt: 0 },
      nextAt: TOMORROW,
    }),
  );
  let made = 0;
  /** As the tfkd that has made it has left it; answers when the next one will make the next. */
  const cut = async (state: 'pending' | 'running', origin: 'scheduled' | 'manual' = 'scheduled') => {
    store.backupSchedules.setNext('db', TOMORROW);
    const id = `cut-${++made}`;
    const { appId } = addon;
    const about = { addonId: 'db', addonName: 'db', actor: 'ada', createdAt: NOON };
    store.backups.insert({ id, appId, origin, ...about });
    if (state === 'running') store.backups.begin(id);
    backups = tfkd();
    backups.recover();
    await until(() => store.backups.find(id)?.state === 'failed');
    const { reason } = store.backups.find(id) ?? {};
    return { reason, nextAt: store.backupSchedules.of('db')?.nextAt };
  };
  const AGAIN = { reason: `${CUT_SHORT}; it is made again`, nextAt: NOON };
  const LEFT = { reason: CUT_SHORT, nextAt: TOMORROW };

  it('kept from its turn is due again, however often', async () => {
    const kept = { reason: 'tfkd ended before its turn; it is made again', nextAt: NOON };
    expect(await cut('pending')).toEqual(kept);
    expect(await cut('pending')).toEqual(kept);
    // And that was no try of it.
    expect(await cut('running')).toEqual(AGAIN);
  });

  it('cut short is due again once, and so is the one of the next day', async () => {
    expect(await cut('running')).toEqual(AGAIN);
    expect(await cut('running', 'manual')).toEqual(LEFT);
    expect(await cut('running')).toEqual(LEFT);
    expect(await cut('running')).toEqual(AGAIN);
  });

  it('cut short is not promised where no more are scheduled', async () => {
    store.backupSchedules.delete('db');
    expect(await cut('running')).toEqual({ reason: CUT_SHORT, nextAt: undefined });
  });

  it('gave up in an orderly way is due again as well', async () => {
    let stopping: Promise<void> | undefined;
    atWork = () => {
      stopping = backups.stop();
      throw new Error('cut');
    };
    const { id } = backups.capture(addon, 'scheduled', 'ada');
    await until(() => stopping !== undefined);
    await stopping;
    atWork = () => undefined;
    backups = tfkd();
    backups.recover();
    await until(() => store.backups.find(id)?.state === 'failed');
    expect(store.backupSchedules.of('db')?.nextAt).toBe(NOON);
  });
});
