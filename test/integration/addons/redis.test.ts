import { Redis } from 'ioredis';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AddonInstance, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { credentialsOf } from '../../../daemon/addons/redis/credentials.js';
import { RedisAddon, type RedisAddonOptions } from '../../../daemon/addons/redis/redis-addon.js';
import { titleOf } from '../../../daemon/addons/redis/settings.js';
import { commandOf, processesBeginning } from '../../../daemon/addons/servers/processes.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { ask, describeRedis, REDIS_ON_THIS_MACHINE } from '../../support/redis.js';

/** A home that the server's account may walk through, also when the tests run as root. */
async function aHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'tfk-redis-'));
  await chmod(home, 0o711);
  return home;
}

function anAddonService(home: string, options: Partial<RedisAddonOptions> = {}): RedisAddon {
  return new RedisAddon({
    addonsDir: join(home, 'addons'),
    systemDir: join(home, 'system'),
    clock: systemClock,
    binaries: REDIS_ON_THIS_MACHINE,
    redisImage: null,
    ...options,
  });
}

function aRequest(more: Partial<ProvisionRequest> = {}): ProvisionRequest {
  return {
    id: newId(),
    name: 'redis-calm-1',
    plan: 'redis:local',
    engine: 'process',
    apps: [],
    progress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

async function provisioned(
  service: RedisAddon,
  more: Partial<ProvisionRequest> = {},
): Promise<AddonInstance> {
  const request = aRequest(more);
  const { id, name, plan } = request;
  const { data } = await service.provision(request);
  return { id, name, hostName: name, plan, data, engine: 'process', apps: [] };
}

const urlOf = (service: RedisAddon, addon: AddonInstance): string =>
  service.configVars(addon, 'REDIS', 'process')['REDIS_URL'] ?? '';

const listeningOn = (port: number) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

await describeRedis('a provisioned Redis', () => {
  let home: string;
  let service: RedisAddon;
  let addon: AddonInstance;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    home = await aHome();
    service = anAddonService(home);
    addon = await provisioned(service);
    url = urlOf(service, addon);
    folder = join(home, 'addons', 'redis', addon.id);
    await ask(url, 'SET', 'kept', '1');
  });
  afterAll(async () => {
    await service.deprovision(addon);
    await rm(home, { recursive: true, force: true });
  });

  const serversOf = () => processesBeginning(titleOf(join(folder, 'data')));
  const pidOf = async () => (await serversOf())[0] ?? 0;
  const killed = async () => {
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    while ((await commandOf(pid)) !== undefined) await systemClock.sleep(20);
  };

  it('answers under the URL of its attachments, and gives no other config var', async () => {
    expect(url).toMatch(/^redis:\/\/:[\w-]{43}@localhost:\d+$/);
    expect(service.configVars(addon, 'CACHE', 'process')).toEqual({ CACHE_URL: url });
    expect(service.configKeys('CACHE')).toEqual(['CACHE_URL']);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('lets nobody in without the password', async () => {
    await expect(ask(url.replace(/:[\w-]{43}@/, ':wrong@'), 'PING')).rejects.toThrow(/WRONGPASS/);
    await expect(ask(url.replace(/:[\w-]{43}@/, ''), 'PING')).rejects.toThrow(/NOAUTH/);
  });

  it('gives the app its data and what tells of it, and no power over the server', async () => {
    for (const command of [
      ['EVAL', 'return 1', '0'],
      ['CONFIG', 'GET', 'maxmemory'],
      ['INFO'],
      ['CLIENT', 'LIST'],
    ])
      await expect(ask(url, ...(command as [string])), command.join(' ')).resolves.toBeDefined();
    for (const command of [
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['SHUTDOWN'],
      ['ACL', 'SETUSER', 'eve', 'on', 'nopass'],
      ['REPLICAOF', '127.0.0.1', '1'],
      ['MODULE', 'LOAD', '/tmp/x.so'],
      ['DEBUG', 'SLEEP', '0'],
    ])
      await expect(ask(url, ...(command as [string])), command.join(' ')).rejects.toThrow(
        /NOPERM|not allowed/,
      );
  });

  it('listens to this machine only', async () => {
    const conf = await readFile(join(folder, 'tfk.conf'), 'utf8');
    expect(conf).toMatch(/^bind 127\.0\.0\.1( ::1)?$/m);
  });

  it('does not keep its password in any of its files, nor in a command line', async () => {
    const { password } = credentialsOf(addon);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name));
      expect(content.includes(password), entry.name).toBe(false);
    }
    expect(await commandOf(await pidOf())).not.toContain(password);
  });

  it('keeps its data to itself, and does not run as root', async () => {
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'tfk.conf'))).mode & 0o777).toBe(0o600);
    const status = await readFile(`/proc/${await pidOf()}/status`, 'utf8').catch(() => 'Uid:\t1');
    expect(status).not.toMatch(/^Uid:\t0/m);
  });

  it('is described without secrets', async () => {
    const described = Object.fromEntries(await service.describe(addon));
    expect(described).toMatchObject({ Plan: 'redis:local', Status: 'Available', Keys: '1' });
    expect(described['Memory']).toMatch(/ of 256 MB$/);
    expect(JSON.stringify(described)).not.toContain(credentialsOf(addon).password);
  });

  it('refuses what does not fit its plan and throws nothing away; a larger plan takes it', async () => {
    const small = await provisioned(service, { plan: 'redis:mini' });
    const target = urlOf(service, small);
    const megabytes = 'x'.repeat(8 * 1024 ** 2);
    await expect(
      (async () => {
        for (let n = 0; n < 4; n++) await ask(target, 'SET', `key${n}`, megabytes);
      })(),
    ).rejects.toThrow(/OOM/);
    const kept = await ask(target, 'DBSIZE');
    expect(kept).toBeGreaterThan(0);
    await service.ensureRunning({ ...small, plan: 'redis:premium-0' });
    expect(await ask(target, 'DBSIZE')).toBe(kept);
    expect(await ask(target, 'SET', 'more', megabytes)).toBe('OK');
    await service.deprovision(small);
  });

  it('is up after twenty calls at once, started once, and found by another tfkd', async () => {
    await service.stop(addon);
    await Promise.all(Array.from({ length: 20 }, () => service.ensureRunning(addon)));
    const pid = await pidOf();
    await anAddonService(home).ensureRunning(addon);
    expect(await serversOf()).toEqual([pid]);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('is started by one of two tfkds at once, and reads its data once', async () => {
    await service.stop(addon);
    const both = await Promise.allSettled(
      [service, anAddonService(home)].map((one) => one.ensureRunning(addon)),
    );
    expect(both.map(({ status }) => status)).toContain('fulfilled');
    expect(await serversOf()).toHaveLength(1);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('comes back after kill -9 with what it had acknowledged, on its port', async () => {
    await ask(url, 'SET', 'last', 'word');
    await killed();
    await service.ensureRunning(addon);
    expect(await ask(url, 'MGET', 'kept', 'last')).toEqual(['1', 'word']);
  });

  it('is started again where its settings are not as they should be', async () => {
    const pid = await pidOf();
    await service.ensureRunning(addon);
    expect(await pidOf()).toBe(pid);
    const rotated = { ...addon, data: { ...addon.data, password: 'x'.repeat(43) } };
    await service.ensureRunning(rotated);
    expect(await ask(urlOf(service, rotated), 'GET', 'kept')).toBe('1');
    await expect(ask(url, 'PING')).rejects.toThrow(/WRONGPASS/);
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('takes new credentials beside the former ones and then without them, and runs on', async () => {
    const pid = await pidOf();
    const held = new Redis(url, { lazyConnect: true, retryStrategy: () => null, protocol: 2 });
    const ended = new Promise((resolve) => held.once('end', resolve));
    await held.connect();
    const both = { ...addon, data: await service.rotation.begin(addon) };
    const newUrl = urlOf(service, both);
    expect(newUrl).not.toBe(url);
    expect([await ask(url, 'PING'), await ask(newUrl, 'PING'), await held.ping()]).toEqual([
      'PONG',
      'PONG',
      'PONG',
    ]);
    await service.ensureRunning(both);
    const data = await service.rotation.end(both, addon.data);
    addon = { ...addon, data };
    await expect(ask(url, 'PING')).rejects.toThrow(/WRONGPASS/);
    url = newUrl;
    expect(await ask(url, 'GET', 'kept')).toBe('1');
    await ended;
    await service.ensureRunning(addon);
    expect(await pidOf()).toBe(pid);
    await service.stop(addon);
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('does not begin a rotation while it does not run, and has its credentials', async () => {
    await service.stop(addon);
    await expect(service.rotation.begin(addon)).rejects.toMatchObject({ id: 'unavailable' });
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('says who holds its port instead of taking another, and starts once it is free', async () => {
    await service.stop(addon);
    const { port } = credentialsOf(addon);
    const squatter = await listeningOn(port);
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({
      id: 'conflict',
      message: expect.stringContaining(`port ${port}`) as string,
    });
    await new Promise((closed) => squatter.close(closed));
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('tells in the server’s own words why it does not start, and is well again when the cause is gone', async () => {
    await service.stop(addon);
    const aof = join(folder, 'data', 'appendonlydir', 'appendonly.aof.manifest');
    const before = await readFile(aof);
    await writeFile(aof, 'nonsense\n');
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringMatching(
        /^Redis of redis-calm-1 did not start: .*manifest.*untouched\.$/i,
      ) as string,
    });
    await writeFile(aof, before);
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('does not start empty where its data is gone', async () => {
    const other = await provisioned(service);
    await service.stop(other);
    const data = join(home, 'addons', 'redis', other.id, 'data');
    await rm(join(data, 'appendonlydir'), { recursive: true });
    await expect(service.ensureRunning(other)).rejects.toMatchObject({ id: 'gone' });
    expect(Object.fromEntries(await service.describe(other))['Status']).toBe('Gone: its data is not there');
    await service.deprovision(other);
  });

  it('is provisioned again under the same id with its data, and with a new password only', async () => {
    const again = await provisioned(service, { id: addon.id });
    const newUrl = urlOf(service, again);
    expect(await ask(newUrl, 'GET', 'kept')).toBe('1');
    await expect(
      ask(newUrl.replace(/:[\w-]{43}@/, `:${credentialsOf(addon).password}@`), 'PING'),
    ).rejects.toThrow(/WRONGPASS/);
    addon = again;
    url = newUrl;
  });

  it('leaves nothing when it is removed, also twice', async () => {
    const other = await provisioned(service);
    await service.deprovision(other);
    await service.deprovision(other);
    expect(await readdir(join(home, 'addons', 'redis'))).toEqual([addon.id]);
    await expect(ask(urlOf(service, other), 'PING')).rejects.toThrow(/ECONNREFUSED/);
    await expect(service.ensureRunning(other)).rejects.toMatchObject({ id: 'gone' });
  });

  it('leaves nothing when its making is cancelled', async () => {
    const stop = new AbortController();
    const request = aRequest({ signal: stop.signal, progress: () => stop.abort() });
    await expect(service.provision(request)).rejects.toThrow(/was cancelled/);
    expect(await readdir(join(home, 'addons', 'redis'))).not.toContain(request.id);
  });

  it('takes up a making that was killed half-way', async () => {
    const id = newId();
    await mkdir(join(home, 'addons', 'redis', id, 'data'), { recursive: true });
    const taken = await provisioned(service, { id });
    expect(await ask(urlOf(service, taken), 'PING')).toBe('PONG');
    await service.deprovision(taken);
  });
});

describe('the Redis of the machine', () => {
  it('that is not there is named, with what to install and the other way, and nothing is made', async () => {
    const home = await aHome();
    const empty = { bin: null, path: [home] };
    await expect(anAddonService(home, { binaries: empty }).provision(aRequest())).rejects.toMatchObject({
      id: 'unavailable',
      message: 'There is no redis-server and no valkey-server on this machine.',
      hint: expect.stringMatching(
        /apt-get install redis-server.*TFK_REDIS_BIN.*apps:engine docker/,
      ) as string,
    });
    const wrong = { ...REDIS_ON_THIS_MACHINE, bin: home };
    await expect(anAddonService(home, { binaries: wrong }).provision(aRequest())).rejects.toThrow(
      `TFK_REDIS_BIN names ${home}`,
    );
    expect(await readdir(home)).toEqual([]);
    await rm(home, { recursive: true });
  });
});
