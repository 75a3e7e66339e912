import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AddonInstance } from '../../../daemon/addons/addon.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import type { PostgresAddon } from '../../../daemon/addons/postgres/postgres-addon.js';
import { describeDocker, removeAllOf } from '../../support/docker.js';
import {
  aFolder,
  aHomeOn,
  anAddonService,
  provisioned,
  query,
  removeFolder,
  type TestHome,
} from './support.js';

const signal = new AbortController().signal;
const file = { appId: 'app', id: 'backup' };

await describeDocker('A backup of a PostgreSQL in a container', (engine) => {
  let folder: string;
  let home: TestHome;
  let service: PostgresAddon;
  let addon: AddonInstance;
  let files: BackupFiles;

  beforeAll(async () => {
    folder = await aFolder();
    home = aHomeOn(engine);
    service = anAddonService(folder, home);
    addon = await provisioned(service);
    files = new BackupFiles(join(folder, 'backups'));
    await query(
      url(),
      'CREATE TABLE kept AS SELECT n, md5(n::text) AS text FROM generate_series(1, 50000) AS n',
    );
  });
  afterAll(async () => {
    await removeAllOf(engine.docker, home.names);
    await removeFolder(folder);
  });

  const url = (of: AddonInstance = addon) => service.configVars(of, 'DATABASE', 'process')['DATABASE_URL'];
  const databases = () => query(url(), `SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'd%'`);

  it('is taken by the programs in the container, proved, and brings all of it back', async () => {
    const { backups } = service;
    const { result: content } = await files.write(file, (output) => backups.capture(addon, output, signal));
    expect(content.tables).toMatchObject([{ name: 'public.kept', rows: 50_000 }]);
    expect(await backups.prove(addon, files.pathOf(file), content, signal)).toEqual([]);
    const wrong = { ...content, tables: [{ name: 'public.kept', rows: 49_999, digest: '1' }] };
    expect(await backups.prove(addon, files.pathOf(file), wrong, signal)).toEqual([
      'public.kept has 50000 rows in place of 49999',
    ]);
    await query(url(), 'DROP TABLE kept');
    await backups.restore(addon, files.pathOf(file), () => undefined, signal);
    await backups.cleanUp(addon, signal);
    expect(await query(url(), 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 50_000 }]);
    expect(await databases()).toEqual([{ n: 1 }]);
  });

  it('that is no dump, or is cut short, is refused in the words of pg_restore, and leaves the data', async () => {
    const { backups } = service;
    const cut = { appId: 'app', id: 'cut' };
    const whole = files.pathOf(file);
    await files.write(cut, (output) => pipeline(createReadStream(whole, { end: 200_000 }), output));
    await files.write({ ...cut, id: 'junk' }, async (output) => void output.end(randomBytes(100_000)));
    for (const id of ['cut', 'junk'])
      await expect(
        backups.restore(addon, files.pathOf({ ...cut, id }), () => undefined, signal),
      ).rejects.toThrow(/pg_restore failed: /);
    expect(await query(url(), 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 50_000 }]);
    expect(await databases()).toEqual([{ n: 1 }]);
  });

  it('that nobody takes, or is given up, leaves no program behind', async () => {
    const { backups } = service;
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) });
    full.on('error', () => undefined);
    await expect(backups.capture(addon, full, signal)).rejects.toThrow('no space');
    const stop = new AbortController();
    const slow = new Writable({ write: () => stop.abort() });
    await expect(backups.capture(addon, slow, stop.signal)).rejects.toThrow();
    await backups.cleanUp(addon, signal);
    const dumps = () =>
      query(url(), `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'pg_dump'`);
    await expect.poll(dumps, { timeout: 20_000 }).toEqual([{ n: 0 }]);
  });

  it('goes on after its credentials were rotated', async () => {
    const { rotation, backups } = service;
    const next = { ...addon, data: await rotation.begin(addon) };
    await rotation.end(next, addon.data);
    await expect(query(url(), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    addon = next;
    const again = { ...file, id: 'again' };
    const { result } = await files.write(again, (output) => backups.capture(addon, output, signal));
    expect(result.tables).toMatchObject([{ name: 'public.kept', rows: 50_000 }]);
  });
});
