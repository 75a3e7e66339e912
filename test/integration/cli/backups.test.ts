import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const CONTENT = 'PGDMP';
const addon = { id: 'db-id', name: 'shop-db', app: { id: 'shop-id', name: 'shop' } };
const backup = {
  id: 'backup-id',
  name: 'b001',
  app: addon.app,
  addon: { id: addon.id, name: addon.name },
  state: 'verified',
  size: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};
const schedule = { addon: backup.addon, at: '02:00 Europe/Berlin', next_at: '2026-01-02T01:00:00Z' };
const rotated = { ...addon, facts: [['Credentials', 'the former ones end']] };

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  const itsPath = '/tfk/apps/shop/addons/db-id';
  tfkd
    .on('POST /actions/addons/resolve', { json: [addon] })
    .on('GET /apps/shop', { json: addon.app })
    .on('GET /apps/shop/releases', { json: [] })
    .on('GET /tfk/apps/shop/backups/b001', { json: backup })
    .on('DELETE /tfk/apps/shop/backups/backup-id', { json: backup })
    .on('GET /tfk/apps/shop/backups/backup-id/content', (_, reply) => void reply.end(CONTENT))
    .on(`DELETE ${itsPath}/backup-schedule`, { json: schedule })
    .on(`POST ${itsPath}/actions/rotate-credentials`, { json: {} })
    .on(`GET ${itsPath}`, { json: rotated });
});
afterEach(() => tfkd.stop());

it.each([
  ['pg:backups:delete b001 --confirm shop', backup],
  ['pg:backups:unschedule', schedule],
  ['pg:credentials:rotate --confirm shop', rotated],
  ['redis:credentials:rotate --confirm shop', rotated],
])('%s tells what it was about as JSON', async (words, told) => {
  const ended = await runCli([...words.split(' '), '-a', 'shop', '--json'], { home: tfkd.home });
  expect(ended).toMatchObject({ code: 0, stdout: `${JSON.stringify(told, null, 2)}\n` });
});

it('pg:backups:download tells as JSON what it has written', async () => {
  const file = join(tfkd.home, 'latest.dump');
  const words = ['pg:backups:download', 'b001', '-o', file, '-a', 'shop', '--json'];
  const ended = await runCli(words, { home: tfkd.home });
  expect(ended.code, ended.stderr).toBe(0);
  expect(JSON.parse(ended.stdout)).toEqual(backup);
  expect(await readFile(file, 'utf8')).toBe(CONTENT);
});
