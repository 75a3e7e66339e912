import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { AddonBackups, AddonInstance } from '../../../daemon/addons/addon.js';
import { Backups } from '../../../daemon/addons/backups/backups.js';
import { BackupFiles } from '../../../daemon/addons/backups/files.js';
import { ProcessTools } from '../../../daemon/addons/postgres/backups/tools.js';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import type { AddonRecord } from '../../../daemon/store/addons.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

const PASSWORD = 's3cret/of+it';

/** Programs that tell all they know, and fail. */
function talkativePrograms(home: string): string {
  const bin = join(home, 'bin');
  mkdirSync(bin);
  for (const program of ['pg_dump', 'pg_restore']) {
    const path = join(bin, program);
    writeFileSync(
      path,
      `#!/bin/sh
tr '\\0' ' ' < /proc/$$/cmdline >> ${join(home, 'seen')}
echo "${program}: error: no way in with $PGPASSWORD, nor postgres://u:${encodeURIComponent(PASSWORD)}@x" >&2
[ -n "$PGPASSWORD" ] && exit 1
echo "${program}: error: no password was given" >&2; exit 2
`,
    );
    chmodSync(path, 0o755);
  }
  return bin;
}

it('the password of a database is in no argument, message, record, line of a log, whatever its programs say', async () => {
  const home = tempHome();
  const store = Store.open(home);
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'ada' });
  store.addons.insert({ id: 'db', name: 'db', appId: app.id, service: 'postgres', plan: 'x', createdAt: 0 });
  const addon = store.addons.find('db') as AddonRecord;
  const to = { port: 1, user: 'u', password: PASSWORD, database: 'd' };
  const tools = new ProcessTools(talkativePrograms(home), to);
  const { signal } = new AbortController();
  const told: string[] = [];

  const backups = new Backups({
    ...{ store, clock: systemClock, kept: 1, files: new BackupFiles(join(home, 'backups')) },
    logger: pino({ level: 'trace' }, { write: (line: string) => void told.push(line) }),
    record: (_appId, text) => void told.push(text),
    source: async () => ({
      addon: { id: 'db', name: 'db', data: {} } as unknown as AddonInstance,
      backups: {
        sizeOf: async () => 1,
        cleanUp: async () => undefined,
        capture: async (_addon, output) => {
          await tools.dump(['--dbname=d'], output, signal);
          throw new Error('it fails before');
        },
      } as Partial<AddonBackups> as AddonBackups,
    }),
  });
  const { id } = backups.capture(addon, 'manual', 'ada');
  await expect.poll(() => store.backups.find(id)?.state, { timeout: 20_000 }).toBe('failed');
  const restoring = tools.restore(['--dbname=d'], Readable.from(['PGDMP']), signal);
  told.push(await restoring.then(String, (error: unknown) => JSON.stringify([error, String(error)])));
  await backups.stop();
  told.push(store.backups.find(id)?.reason ?? '', readFileSync(join(home, 'seen'), 'utf8'));
  store.close();

  expect(told.at(-2)).toBe('pg_dump failed: no way in with ****, nor postgres://u:****@x');
  expect(told.at(-1)).toContain('pg_restore --dbname=d');
  for (const text of told) {
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain(encodeURIComponent(PASSWORD));
  }
});
