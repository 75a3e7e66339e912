import { chmod, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Addons } from '../../../daemon/addons/addons.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import type { Content } from '../../../daemon/addons/backups/content.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import { asKeeper } from '../../../daemon/addons/postgres/backups/keeper.js';
import { makeScratch, swap } from '../../../daemon/addons/postgres/backups/scratch.js';
import { PostgresAddon } from '../../../daemon/addons/postgres/postgres-addon.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import type { BackupRecord } from '../../../daemon/store/backups.js';
import type { RestoreRecord } from '../../../daemon/store/restores.js';
import { Store } from '../../../daemon/store/store.js';
import { VirtualClock } from '../../support/virtual-clock.js';

/** The first provision fetches and unpacks PostgreSQL. */
const WITH_INSTALL_MS = 240_000;
const ACTOR = 'ada@example.com';
const KEPT = 2;
/** A machine with much to do drops a database in seconds. */
const SLOWLY = { timeout: 30_000 };
const GOES_ON = new AbortController().signal;
const ODD = `"Odd ""table"". one"`;

describe('backups of a PostgreSQL add-on', () => {
  let home: string;
  let store: Store;
  let addons: Addons;
  let backups: Backups;
  let files: BackupFiles;
  let addon: AddonRecord;
  let url: string;

  const tfkd = (clock: Clock = systemClock): Backups =>
    new Backups({
      store,
      clock,
      logger: pino({ level: 'silent' }),
      files,
      source: (id) => addons.backupSource(id),
      kept: KEPT,
      record: () => undefined,
    });

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tfk-backups-'));
    await chmod(home, 0o711);
    store = Store.open(home);
    files = new BackupFiles(join(home, 'backups'));
    const buildEnv = Object.fromEntries(
      Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const logger = pino({ level: 'silent' });
    const postgres = new PostgresAddon({
      addonsDir: join(home, 'addons'),
      systemDir: join(home, 'system'),
      clock: systemClock,
      logger,
      nodePath: process.execPath,
      npmPath: 'npm',
      buildEnv,
    });
    const rebind = async () => undefined;
    const services = [postgres];
    addons = new Addons({
      store,
      clock: systemClock,
      logger,
      services,
      aliases: {},
      rebind,
      actor: () => ACTOR,
    });
    const app = new Apps(store, systemClock, () => undefined, 'process').create({
      name: 'shop',
      actor: ACTOR,
    });
    addon = await addons.create({
      app,
      plan: 'postgres',
      name: null,
      attachment: null,
      options: {},
      confirm: null,
      waitMs: null,
      actor: ACTOR,
    });
    url = addons.attached(app.id, 'process').vars['DATABASE_URL'] ?? '';
    backups = tfkd();
    await query(`
      CREATE TABLE users (id serial PRIMARY KEY, name varchar(20) UNIQUE CHECK (name IN ('ada', 'bob') OR length(name) > 3), born timestamptz);
      INSERT INTO users (name, born) SELECT 'user-' || n, now() - n * interval '1 hour' FROM generate_series(1, 5000) AS n;
      CREATE TABLE ${ODD} (t text, v double precision, b bytea, j jsonb);
      INSERT INTO ${ODD} VALUES ('ä; ''"', 0.1 + 0.2, '\\xdead', '{"a": [1]}'), (NULL, 'NaN', NULL, NULL);
      CREATE VIEW adults AS SELECT * FROM users WHERE born < now();
      CREATE TABLE secret (owner text); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON secret USING (owner = 'nobody') WITH CHECK (true);
      INSERT INTO secret VALUES ('hidden');
      CREATE TABLE parts (n int) PARTITION BY RANGE (n); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
      INSERT INTO parts VALUES (1), (2);
      CREATE EXTENSION pgcrypto; CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
      ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path TO "$user", public;
      ALTER DATABASE ${new URL(url).pathname.slice(1)} SET lock_timeout TO '17s';
    `);
  }, WITH_INSTALL_MS);
  afterAll(async () => {
    await backups.stop();
    await addons.destroy(addon, ACTOR);
    addons.stop();
    store.close();
    await rm(home, { recursive: true, force: true });
  });

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const ended = async (id: string): Promise<BackupRecord> => {
    await expect.poll(() => store.backups.find(id)?.finishedAt, SLOWLY).not.toBeNull();
    return store.backups.find(id) as BackupRecord;
  };
  const restored = async (backup: BackupRecord): Promise<RestoreRecord> => {
    const { id } = backups.restore(addon, backup, ACTOR);
    await expect.poll(() => store.restores.find(id)?.finishedAt, SLOWLY).not.toBeNull();
    return store.restores.find(id) as RestoreRecord;
  };
  const databases = async () =>
    (await query(`SELECT datname FROM pg_database WHERE datname LIKE 'd%' ORDER BY 1`)).map(
      ({ datname }) => datname,
    );
  const uploaded = async (content: Readable): Promise<BackupRecord> => {
    const { backup } = backups.announce(addon, ACTOR);
    await backups.receive(backup, content, null);
    return store.backups.find(backup.id) as BackupRecord;
  };

  it('are of one moment while others write, proved, for the owner’s eyes only, and bring all of it back', async () => {
    const writing = new AbortController();
    const writer = (async () => {
      while (!writing.signal.aborted)
        await query(`INSERT INTO users (name) VALUES ('w-' || gen_random_uuid()::text::varchar(10))`);
    })();
    const begun = backups.capture(addon, 'manual', ACTOR);
    expect(() => backups.capture(addon, 'manual', ACTOR)).toThrow(/is being backed up \(b001\)/);
    expect(() => backups.restore(addon, begun, ACTOR)).toThrow(/b001 cannot be restored: it is pending/);
    const backup = await ended(begun.id);
    writing.abort();
    await writer;
    expect(backup).toMatchObject({ number: 1, state: 'verified', reason: null });
    const { tables } = backup.content as Content;
    expect(tables.map(({ name }) => name)).toEqual([
      'public.Odd "table". one',
      'public.parts_1',
      'public.secret',
      'public.users',
    ]);
    expect(tables.find(({ name }) => name === 'public.secret')?.rows).toBe(1);
    expect(await databases()).toHaveLength(1);
    expect((await stat(files.pathOf(backup))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'backups'))).mode & 0o777).toBe(0o700);

    await query(`DROP TABLE users CASCADE; DELETE FROM ${ODD}; CREATE TABLE later AS SELECT 1 AS n`);
    const held = new pg.Client({ connectionString: url });
    const lost = new Promise((resolve) => held.on('error', resolve));
    await held.connect();
    expect(await restored(backup)).toMatchObject({ number: 2, state: 'succeeded', backupNumber: 1 });
    await lost;
    const users = tables.find(({ name }) => name === 'public.users')?.rows;
    expect(await query('SELECT count(*)::int AS n FROM adults')).not.toEqual([]);
    expect(
      await query('SELECT count(*)::int AS n, max(id) < nextval($$users_id_seq$$) AS next FROM users'),
    ).toEqual([{ n: users, next: true }]);
    expect(
      await query(
        `SELECT v, twice(2) AS four, current_setting('lock_timeout') AS s FROM ${ODD} WHERE t IS NOT NULL`,
      ),
    ).toEqual([{ v: 0.3, four: 4, s: '17s' }]);
    await expect(query('SELECT 1 FROM later')).rejects.toThrow(/does not exist/);
    await expect.poll(databases, SLOWLY).toHaveLength(1);
    await query('CREATE TABLE mine_again (n int); DROP TABLE mine_again');
  });

  it('that are damaged on the disk are not restored, and say so', async () => {
    const backup = await ended(backups.capture(addon, 'manual', ACTOR).id);
    const path = files.pathOf(backup);
    const whole = await buffer(await backups.open(backup));
    await writeFile(path, Buffer.concat([whole.subarray(0, -1), Buffer.from([0x7f])]));
    expect((await restored(backup)).reason).toMatch(/damaged/);
    await truncate(path, 1000);
    expect((await restored(backup)).reason).toMatch(/cut short: 1000 of \d+ bytes/);
    await expect(backups.open(backup)).rejects.toMatchObject({ id: 'gone' });
    expect(await query(`SELECT count(*)::int AS n FROM ${ODD}`)).toEqual([{ n: 2 }]);
    await backups.remove(backup);
    expect(store.backups.find(backup.id)).toBeUndefined();
  });

  it('that somebody else made are restored whole or not at all', async () => {
    const own = await ended(backups.capture(addon, 'manual', ACTOR).id);
    const dump = await buffer(await backups.open(own));
    const half = await uploaded(Readable.from([dump.subarray(0, dump.length / 2)]));
    expect(half).toMatchObject({ state: 'unverified', bytes: Math.floor(dump.length / 2) });
    expect(await restored(half)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/pg_restore failed/) as string,
    });
    expect(await databases()).toHaveLength(1);
    expect(await query(`SELECT count(*)::int AS n FROM ${ODD}`)).toEqual([{ n: 2 }]);
    await query(`DELETE FROM ${ODD}`);
    expect(await restored(await uploaded(Readable.from([dump])))).toMatchObject({ state: 'succeeded' });
    expect(await query(`SELECT count(*)::int AS n FROM ${ODD}`)).toEqual([{ n: 2 }]);
  });

  it('whose upload breaks off have failed, and leave no file', async () => {
    const broken = new Readable({ read() {} });
    const { backup } = backups.announce(addon, ACTOR);
    const receiving = backups.receive(backup, broken, null);
    broken.push('PGDMP');
    broken.destroy(new Error('the client went away'));
    await expect(receiving).rejects.toThrow('the client went away');
    expect(store.backups.find(backup.id)).toMatchObject({
      state: 'failed',
      bytes: null,
      reason: 'the client went away',
    });
    expect(await readdir(join(home, 'backups', addon.appId))).not.toContain(`${backup.id}.partial`);
  });

  it('that were announced and never sent keep nobody from the database: removed, or after ten minutes', async () => {
    const clock = new VirtualClock(Date.now());
    const patient = tfkd(clock);
    const begin = () => patient.announce(addon, ACTOR);
    const removed = begin();
    expect(begin).toThrow(/is being backed up/);
    await patient.remove(removed.backup);
    const unsent = begin();
    await clock.passUntil(clock.now() + 9 * 60_000);
    expect(patient.announced(unsent.secret)).toMatchObject({ id: unsent.backup.id });
    await clock.passUntil(clock.now() + 2 * 60_000);
    expect(patient.announced(unsent.secret)).toBeUndefined();
    expect(store.backups.find(unsent.backup.id)).toMatchObject({
      state: 'failed',
      reason: 'its file was never sent',
    });
  });

  it('that were cut short with tfkd have failed, or are done, and leave nothing', async () => {
    const good = await ended(backups.capture(addon, 'manual', ACTOR).id);
    const { addon: instance } = await addons.backupSource(addon.id);
    const cut = { appId: addon.appId, addonId: addon.id, addonName: addon.name, actor: ACTOR, createdAt: 1 };
    store.backups.insert({ ...cut, id: 'cut-backup', origin: 'manual' });
    store.backups.begin('cut-backup');
    store.restores.insert({ ...cut, id: 'cut-restore', backupNumber: 1 });
    store.restores.begin('cut-restore');
    await makeScratch(instance, GOES_ON);
    await writeFile(join(home, 'backups', addon.appId, 'cut-backup.partial'), 'half');
    backups = tfkd();
    backups.recover();
    await expect.poll(() => store.restores.find('cut-restore')?.state, SLOWLY).toBe('failed');
    await expect
      .poll(() => readdir(join(home, 'backups', addon.appId)), SLOWLY)
      .not.toContain('cut-backup.partial');
    expect(await readdir(join(home, 'backups', addon.appId))).toContain(good.id);
    expect(store.backups.find('cut-backup')).toMatchObject({
      state: 'failed',
      reason: 'tfkd ended before it was done',
    });
    await expect.poll(databases, SLOWLY).toHaveLength(1);

    store.restores.insert({ ...cut, id: 'done-restore', backupNumber: 1 });
    store.restores.begin('done-restore');
    await makeScratch(instance, GOES_ON);
    const mark = (client: pg.Client) =>
      client.query(
        'CREATE SCHEMA app; CREATE TABLE app.swapped AS SELECT 7 AS n; GRANT USAGE ON SCHEMA app TO PUBLIC; GRANT SELECT ON app.swapped TO PUBLIC',
      );
    await asKeeper(instance, `${new URL(url).pathname.slice(1)}_scratch`, mark, GOES_ON);
    await swap(instance, GOES_ON);
    backups = tfkd();
    backups.recover();
    await expect.poll(() => store.restores.find('done-restore')?.state, SLOWLY).toBe('succeeded');
    expect(await query('SELECT n FROM app.swapped')).toEqual([{ n: 7 }]);
    await expect.poll(databases, SLOWLY).toHaveLength(1);
    expect(await restored(good)).toMatchObject({ state: 'succeeded' });
  });

  it('a restore whose tfkd was killed in the middle of the change is asked about only when that has ended', async () => {
    const { addon: instance, backups: service } = await addons.backupSource(addon.id);
    const database = new URL(url).pathname.slice(1);
    // The job before this test has nothing more to end.
    await expect.poll(databases, SLOWLY).toHaveLength(1);
    const asked = (sql: string) =>
      asKeeper(instance, 'postgres', async (client) => (await client.query(sql)).rowCount, GOES_ON);
    const rename = `ALTER DATABASE ${database} RENAME TO ${database}_former`;
    const change = asked(`BEGIN; ${rename}; SELECT pg_sleep(3); COMMIT`).then(
      () => 'done',
      () => 'ended',
    );
    await expect
      .poll(() => asked(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`), SLOWLY)
      .toBe(1);
    expect(await service.wasRestored(instance, GOES_ON)).toBe(false);
    expect(await change).toBe('ended');
    expect(await query('SELECT 1 AS there')).toEqual([{ there: 1 }]);
  });

  it('are kept up to a number of each origin, and outlive nothing else of theirs', async () => {
    for (let n = 0; n < KEPT + 1; n++) await ended(backups.capture(addon, 'scheduled', ACTOR).id);
    const kept = store.backups.ofAddon(addon.id).filter(({ origin }) => origin === 'scheduled');
    await expect
      .poll(() => store.backups.ofAddon(addon.id).filter(({ origin }) => origin === 'scheduled'))
      .toHaveLength(KEPT);
    const numbers = kept.map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((one, other) => other - one));
    const known = store.backups.list(addon.appId).filter(({ bytes }) => bytes !== null);
    await expect
      .poll(async () => (await readdir(join(home, 'backups', addon.appId))).sort(), SLOWLY)
      .toEqual(known.map(({ id }) => id).sort());
  });

  it('say what is missing where the server is down', async () => {
    const { addon: instance, backups: service } = await addons.backupSource(addon.id);
    expect(await service.answers(instance)).toBe(true);
    await addons.stopServers();
    expect(await service.answers(instance)).toBe(false);
    const backup = await ended(backups.capture(addon, 'manual', ACTOR).id);
    expect(backup).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/ECONNREFUSED/) as string,
    });
  });
});

describe('the file of a backup', () => {
  it('is not there where the disk is full, and the error says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tfk-backups-'));
    const files = new BackupFiles(folder);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const writing = files.write({ appId: 'a', id: 'b' }, async (output) => {
      output.write('half');
      throw full;
    });
    await expect(writing).rejects.toMatchObject({ id: 'insufficient_storage' });
    expect(await readdir(join(folder, 'a'))).toEqual([]);
    await expect(files.assertRoom(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      id: 'insufficient_storage',
    });
    await rm(folder, { recursive: true });
  });
});
