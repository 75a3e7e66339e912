import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Backup,
  BackupSchedule,
  CreatedBackup,
  Restore,
  Transfer,
  TransferSchedule,
  TransferUrl,
} from '../../../api/index.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  for (const name of ['shop', 'other']) await aDatabaseOf(name);
});
afterAll(() => bench.close());

async function aDatabaseOf(name: string): Promise<void> {
  const app = await bench.pushedApp(name);
  const wish = { app, plan: 'postgres', name: `${name}-db`, attachment: null, options: {} };
  await bench.services.addons.create({ ...wish, confirm: null, waitMs: null, actor: ACTOR });
}

type Answer = Backup & CreatedBackup & Restore & BackupSchedule & { readonly message: string };

async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object | string) {
  const server = bench.server();
  const reply = await server.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  const isJson = String(reply.headers['content-type']).includes('json');
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    body: (isJson ? reply.json() : {}) as Answer,
  };
}

const BACKUPS = '/tfk/apps/shop/backups';
/** A machine with much to do takes its time. */
const PATIENCE = { timeout: 20_000 };
const ended = async (url: string): Promise<Answer> => {
  await expect.poll(async () => (await ask('GET', url)).body.finished_at, PATIENCE).not.toBeNull();
  return (await ask('GET', url)).body;
};

describe('backups of an app', () => {
  it('are made, told, sent and deleted by their names', async () => {
    const made = await ask('POST', BACKUPS, { addon: 'DATABASE' });
    expect([made.status, made.body.name, made.body.put_url]).toEqual([202, 'b001', null]);
    const backup = await ended(`${BACKUPS}/b001`);
    expect(backup).toMatchObject({ id: made.body.id, state: 'verified', origin: 'manual', size: 5, kept: 7 });
    expect(backup).toMatchObject({ addon: { name: 'shop-db' }, user: { email: ACTOR }, reason: null });
    const content = await ask('GET', `${BACKUPS}/b001/content`);
    expect([content.text, content.headers['content-length']]).toEqual(['PGDMP', '5']);
    expect((await ask('DELETE', `${BACKUPS}/b001`)).status).toBe(200);
    expect((await ask('GET', `${BACKUPS}/b001`)).body.message).toMatch(/^shop has no backup "b001"/);
  });

  it('are uploaded to an address of their own, once', async () => {
    const { body } = await ask('POST', BACKUPS, { addon: 'shop-db', upload: true });
    const url = body.put_url ?? '';
    expect((await ask('PUT', url, 'PGDMP more')).status).toBe(200);
    expect(await ended(`${BACKUPS}/${body.name}`)).toMatchObject({
      state: 'unverified',
      origin: 'uploaded',
      size: 10,
    });
    expect((await ask('PUT', url, 'again')).status).toBe(404);
  });

  it('are restored where the app’s name says so, and nowhere else', async () => {
    const { body: backup } = await ask('POST', BACKUPS, { addon: 'DATABASE' });
    await ended(`${BACKUPS}/${backup.name}`);
    const wish = { addon: 'DATABASE', backup: backup.name };
    const refused = await ask('POST', '/tfk/apps/shop/restores', { ...wish, confirm: 'shopp' });
    expect([refused.status, refused.body.message]).toEqual([
      423,
      'Restoring replaces all data of shop-db. Nothing was changed. Confirm it with --confirm shop',
    ]);
    const begun = await ask('POST', '/tfk/apps/shop/restores', { ...wish, confirm: 'shop' });
    expect([begun.status, begun.body.name]).toEqual([202, 'r004']);
    expect(await ended(`/tfk/apps/shop/restores/r004`)).toMatchObject({
      state: 'succeeded',
      backup: backup.name,
    });
    expect((await ask('POST', '/tfk/apps/other/restores', { ...wish, confirm: 'other' })).status).toBe(404);
  });

  it('are made every day at a time that there is', async () => {
    const path = '/tfk/apps/shop/addons/DATABASE/backup-schedule';
    expect((await ask('DELETE', path)).status).toBe(404);
    expect((await ask('PUT', path, { at: '25:00 Mars/Base' })).status).toBe(422);
    const { body } = await ask('PUT', path, { at: '2:30 Europe/Berlin' });
    expect(body).toMatchObject({ at: '02:30 Europe/Berlin', addon: { name: 'shop-db' } });
    expect((await ask('GET', '/tfk/apps/shop/backup-schedules')).body).toEqual([body]);
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('GET', '/tfk/apps/shop/backup-schedules')).body).toEqual([]);
  });
});

describe('as Heroku’s data service tells them, backups', () => {
  const transfers = '/client/v11/apps/shop/transfers';
  let id: string;
  beforeAll(async () => {
    id = (await ask('GET', '/addons/shop-db')).body.id;
  });

  it('are made, fetched without a token, restored and deleted', async () => {
    const made = await ask('POST', `/client/v11/databases/${id}/backups`);
    const { uuid, num } = made.body as unknown as Transfer;
    expect(made.status).toBe(201);
    const backup = (await ended(`${transfers}/${uuid}`)) as unknown as Transfer;
    expect(backup).toMatchObject({
      num,
      from_type: 'pg_dump',
      to_type: 'gof3r',
      succeeded: true,
      processed_bytes: 5,
    });
    const { body } = await ask('POST', `${transfers}/${num}/actions/public-url`);
    const { url } = body as unknown as TransferUrl;
    expect((await ask('GET', url)).text).toBe('PGDMP');
    expect((await ask('GET', `${url}x`)).status).toBe(404);

    const restores = `/client/v11/databases/${id}/restores`;
    expect((await ask('POST', restores, { backup_url: 'https://example.com/latest.dump' })).status).toBe(422);
    const restore = (await ask('POST', restores, { backup_url: backup.to_url })).body as unknown as Transfer;
    expect(await ended(`${transfers}/${restore.uuid}`)).toMatchObject({
      to_type: 'pg_restore',
      succeeded: true,
    });
    const listed = (await ask('GET', transfers)).body as unknown as Transfer[];
    expect(listed.filter(({ uuid: each }) => [uuid, restore.uuid].includes(each))).toHaveLength(2);
    expect((await ask('DELETE', `${transfers}/${num}`)).status).toBe(200);
    expect((await ask('GET', url)).status).toBe(404);
  });

  it('are scheduled by the hour', async () => {
    const path = `/client/v11/databases/${id}/transfer-schedules`;
    const wish = { hour: '02', timezone: 'Europe/Berlin', schedule_name: 'DATABASE_URL' };
    const made = (await ask('POST', path, wish)).body as unknown as TransferSchedule;
    expect(made).toMatchObject({ hour: 2, timezone: 'Europe/Berlin', name: 'DATABASE_URL' });
    expect((await ask('GET', path)).body).toEqual([made]);
    expect((await ask('DELETE', `${path}/x`)).status).toBe(404);
    expect((await ask('DELETE', `${path}/${made.uuid}`)).status).toBe(200);
    expect((await ask('GET', path)).body).toEqual([]);
  });

  it('are not an app’s to make or restore that has the database attached only', async () => {
    const bob = bench.token('bob@example.com');
    const app = bench.services.apps.create({ name: 'bobs', actor: 'bob@example.com' });
    const addon = bench.store.addons.find(id);
    if (!addon) throw new Error('the add-on was made');
    await bench.services.addons.attach({ addon, app, name: 'THEIRS', confirm: null, actor: ACTOR });
    const tcp = bench.server({ trusted: false });
    const payloads = {
      backups: {},
      restores: { backup_url: 'tfk-backup:b001' },
      'transfer-schedules': { hour: 2 },
    };
    for (const [what, payload] of Object.entries(payloads)) {
      const reply = await tcp.app.inject({
        method: 'POST',
        url: `/client/v11/databases/${id}/${what}`,
        headers: { host: 'localhost', authorization: `Bearer ${bob}` },
        payload,
      });
      expect([what, reply.statusCode]).toEqual([what, 403]);
    }
  });
});
