import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, BackupSchedule, CreatedBackup, Restore } from '../../../api/index.js';
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
const ended = async (url: string): Promise<Answer> => {
  await expect.poll(async () => (await ask('GET', url)).body.finished_at).not.toBeNull();
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
