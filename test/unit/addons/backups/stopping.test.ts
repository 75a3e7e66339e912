import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AddonInstance } from '../../../../daemon/addons/addon.js';
import { Backups } from '../../../../daemon/addons/backups/backups.js';
import { BackupFiles } from '../../../../daemon/addons/backups/files.js';
import { contentOf } from '../../../../daemon/addons/postgres/backups/content.js';
import { asKeeper } from '../../../../daemon/addons/postgres/backups/keeper.js';
import {
  PostgresBackups,
  type PostgresBackupParts,
} from '../../../../daemon/addons/postgres/backups/postgres-backups.js';
import { Apps } from '../../../../daemon/release/apps.js';
import { systemClock } from '../../../../daemon/shared/clock.js';
import { createLogger } from '../../../../daemon/shared/logger.js';
import type { AddonRecord } from '../../../../daemon/store/addons.js';
import { Store } from '../../../../daemon/store/store.js';
import { tempHome } from '../../../support/temp-home.js';

const message = (type: string, body = ''): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')]);
};
const READY = message('Z', 'I');
const LET_IN = Buffer.concat([message('R', '\0\0\0\0'), READY]);
const DONE = Buffer.concat(
  ['1', '2', 'n'].map((type) => message(type)).concat(message('C', 'SELECT 1\0'), READY),
);

/** A server that lets everybody in, takes every setting, and never ends a query; or says nothing at all. */
async function aSlowServer(says: 'nothing' | 'hello'): Promise<AddonInstance> {
  // It does not hear that the other side has hung up.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (asked) => {
      const type = String.fromCharCode(asked[0] ?? 0);
      if (says === 'hello' && type !== 'Q') socket.write(type === '\0' ? LET_IN : DONE);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const data = { port, user: 'u', password: 'p', database: 'd', spare: 's', keeper: 'k' };
  const id = '00000000-0000-4000-8000-000000000000';
  return { id, name: 'postgresql-calm-1', hostName: 'h', plan: 'p', data, engine: 'process', apps: [] };
}

const PARTS: PostgresBackupParts = {
  prepare: async ({ data }) => data,
  toolsFor: async () => ({ dump: async () => undefined, restore: async () => undefined }),
};

const later = async (ms: number): Promise<never> => {
  await setTimeout(ms);
  throw new Error('it is still waited for');
};

const stopsSoon = (): AbortSignal => {
  const stop = new AbortController();
  void setTimeout(100).then(() => stop.abort(new Error('tfkd ends')));
  return stop.signal;
};

test.each(['hello', 'nothing'] as const)(
  'a scan of a server that says %s is given up at once',
  async (says) => {
    const addon = await aSlowServer(says);
    const signal = stopsSoon();
    const scan = asKeeper(addon, 'd', (client) => contentOf(client, signal), signal);
    await expect(scan).rejects.toThrow('tfkd ends');
  },
  3000,
);

test('a proof is given up, and what it leaves to the next tfkd, where removing it takes long', async () => {
  const addon = await aSlowServer('hello');
  const backups = new PostgresBackups(PARTS);
  const signal = stopsSoon();
  const content = { version: '', tables: [], objects: {} };
  await expect(backups.prove(addon, '/none', content, signal)).rejects.toThrow('tfkd ends');
});

/** What has to be asked of a server that lets tfkd in, and is then as a container that is paused. */
const LEAVES: Readonly<
  Record<string, (backups: PostgresBackups, addon: AddonInstance, stop: AbortSignal) => unknown>
> = {
  'what a job left': (backups, addon, stop) => backups.cleanUp(addon, stop),
  'how a restore ended': (backups, addon, stop) => backups.wasRestored(addon, stop),
};
test.each(Object.entries(LEAVES))(
  '%s is left to the next tfkd by a server that is mute',
  async (_, ask) => {
    const addon = await aSlowServer('hello');
    await expect(ask(new PostgresBackups(PARTS), addon, stopsSoon())).rejects.toThrow('tfkd ends');
  },
  5000,
);

test.each(['hello', 'nothing'] as const)(
  'a server that says %s, and no more, is told to be mute',
  async (says) => {
    const addon = await aSlowServer(says);
    expect(await new PostgresBackups(PARTS).answers(addon)).toBe(false);
  },
  20_000,
);

test('a server that does not take the goodbye is left all the same', async () => {
  const addon = await aSlowServer('hello');
  const connection = asKeeper(addon, 'd', async () => undefined, stopsSoon());
  await expect(Promise.race([connection, later(2000)])).resolves.toBeUndefined();
});

test.each(['a restore', 'what an earlier tfkd left'])(
  'tfkd ends within seconds where %s waits for a server that is mute',
  async (what) => {
    const addon = await aSlowServer('hello');
    const store = Store.open(tempHome());
    onTestFinished(() => store.close());
    const { id: appId } = new Apps(store, systemClock, () => undefined, 'process').create({
      name: 'shop',
      actor: 'a',
    });
    const { id, name } = addon;
    store.addons.insert({ id, name, appId, service: 'postgres', plan: 'x', createdAt: 0 });
    const source = vi.fn(async () => ({ addon, backups: new PostgresBackups(PARTS) }));
    const backups = new Backups({
      ...{
        store,
        clock: systemClock,
        logger: createLogger('silent', 'test'),
        kept: 1,
        record: () => undefined,
      },
      files: new BackupFiles(join(tempHome(), 'backups')),
      source,
    });
    const restore = { appId, addonId: id, addonName: name, actor: 'a', createdAt: 0 };
    store.backups.insert({ ...restore, id: 'b', origin: 'manual' });
    store.backups.end('b', { state: 'unverified', reason: null, bytes: 1, sha256: '0', content: null }, 0);
    const [backup] = store.backups.list(appId);
    if (what === 'a restore' && backup) backups.restore(store.addons.find(id) as AddonRecord, backup, 'a');
    else {
      store.restores.insert({ ...restore, id: 'r', backupNumber: 1 });
      store.restores.begin('r');
      backups.recover();
    }
    await expect.poll(() => source.mock.calls.length).toBe(1);
    await setTimeout(200);
    await backups.stop();
    // How it ended is for the next tfkd to ask.
    expect(store.restores.unfinished()).toHaveLength(1);
  },
  5000,
);

test('a file of a terabyte is not read to its end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = new BackupFiles(folder);
  const file = { appId: 'a', id: 'b' };
  await files.write(file, async (output) => void output.end('x'));
  const bytes = 2 ** 40;
  const handle = await open(files.pathOf(file), 'r+');
  await handle.truncate(bytes).finally(() => handle.close());
  await expect(files.verify({ ...file, bytes, sha256: '0' }, stopsSoon())).rejects.toThrow(/abort/i);
});
