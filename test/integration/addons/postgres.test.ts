import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AddonInstance, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { credentialsOf } from '../../../daemon/addons/postgres/credentials.js';
import { PostgresAddon, type PostgresAddonOptions } from '../../../daemon/addons/postgres/postgres-addon.js';
import { commandOf } from '../../../daemon/addons/servers/processes.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';

/** The first provision fetches and unpacks PostgreSQL. */
const WITH_INSTALL_MS = 240_000;

/** A home that the server's account may walk through, also when the tests run as root. */
async function aHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'tfk-postgres-'));
  await chmod(home, 0o711);
  return home;
}

function anAddonService(home: string, options: Partial<PostgresAddonOptions> = {}): PostgresAddon {
  const buildEnv = Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return new PostgresAddon({
    addonsDir: join(home, 'addons'),
    systemDir: join(home, 'system'),
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    nodePath: process.execPath,
    npmPath: 'npm',
    buildEnv,
    ...options,
  });
}

function aRequest(id = newId(), more: Partial<ProvisionRequest> = {}): ProvisionRequest {
  const { signal } = new AbortController();
  return {
    id,
    name: 'postgresql-calm-1',
    plan: 'postgres:local',
    engine: 'process',
    apps: [],
    progress: () => undefined,
    signal,
    ...more,
  };
}

async function provisioned(service: PostgresAddon, id = newId()): Promise<AddonInstance> {
  const request = aRequest(id);
  const { data } = await service.provision(request);
  const { name, plan } = request;
  return { id, name, hostName: name, plan, data, engine: 'process', apps: [] };
}

async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url ?? '', connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const listeningOn = (port: number) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

describe('a provisioned PostgreSQL', () => {
  let home: string;
  let service: PostgresAddon;
  let addon: AddonInstance;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    home = await aHome();
    service = anAddonService(home);
    addon = await provisioned(service);
    url = service.configVars(addon, 'DATABASE', 'process')['DATABASE_URL'] ?? '';
    folder = join(home, 'addons', 'postgres', addon.id);
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS n');
  }, WITH_INSTALL_MS);
  afterAll(async () => {
    await service.deprovision(addon);
    await rm(home, { recursive: true, force: true });
  });

  const pidOf = async () =>
    Number.parseInt(await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10);
  const isDead = async (pid: number) => {
    while ((await commandOf(pid)) !== undefined) await systemClock.sleep(20);
  };

  it('answers under the URL of its attachments, in the spelling that heroku pg:psql needs', async () => {
    expect(url).toMatch(/^postgres:\/\/u\w+:[\w-]{43}@localhost:\d+\/d\w+$/);
    expect(service.configVars(addon, 'ANALYTICS', 'process')).toEqual({ ANALYTICS_URL: url });
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('speaks UTF-8, UTC and a sort order for people', async () => {
    const [row] = await query(
      url,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('timezone') AS zone, 'é' < 'z' AS sorted, upper('ß€é') AS upper`,
    );
    expect(row).toEqual({ encoding: 'UTF8', zone: 'UTC', sorted: true, upper: 'SS€É' });
  });

  it('gives the app what is its own and no more', async () => {
    await expect(query(url, 'CREATE EXTENSION pgcrypto')).resolves.toEqual([]);
    const [role] = await query(
      url,
      'SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolcreaterole: false, rolcreatedb: false });
    await expect(query(url, `COPY kept TO PROGRAM 'id'`)).rejects.toThrow(/must be superuser or/);
    const { port, password } = credentialsOf(addon);
    await expect(query(`postgres://tfk:${password}@localhost:${port}/postgres`, 'SELECT 1')).rejects.toThrow(
      /pg_hba/,
    );
  });

  it('refuses a wrong password', async () => {
    await expect(query(url.replace(/:[\w-]{43}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('does not keep its password in any of its files, nor in a command line', async () => {
    const { password } = credentialsOf(addon);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
      expect(content.includes(password), entry.name).toBe(false);
    }
    expect(await commandOf(await pidOf())).not.toContain(password);
  });

  it('keeps its data to itself', async () => {
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'log'))).mode & 0o777).toBe(0o700);
  });

  it('is described without secrets', async () => {
    const described = await service.describe(addon);
    expect(described.map(([label]) => label)).toEqual([
      'Plan',
      'Status',
      'Connections',
      'PG Version',
      'Data Size',
      'Tables',
      'Port',
    ]);
    expect(Object.fromEntries(described)).toMatchObject({
      Status: 'Available',
      'PG Version': '15.18',
      Tables: '1',
    });
    expect(JSON.stringify(described)).not.toContain(credentialsOf(addon).password);
  });

  it('is up after forty calls at once, started once', async () => {
    await service.stop(addon);
    await Promise.all(Array.from({ length: 40 }, () => service.ensureRunning(addon)));
    const pid = await pidOf();
    await service.ensureRunning(addon);
    expect(await pidOf()).toBe(pid);
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('outlives the daemon: another one finds it running', async () => {
    const pid = await pidOf();
    await anAddonService(home).ensureRunning(addon);
    expect(await pidOf()).toBe(pid);
  });

  it('comes back with its data after kill -9, with a query still running in an orphan', async () => {
    const busy = query(url, 'DO $$ BEGIN LOOP END LOOP; END $$').catch((error: unknown) => error);
    const { port } = credentialsOf(addon);
    await expect
      .poll(async () =>
        query(
          url,
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'DO %LOOP%' AND state = 'active'`,
        ),
      )
      .not.toEqual([{ n: 0 }]);
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    await isDead(pid);
    await service.ensureRunning(addon);
    expect(await busy).toBeInstanceOf(Error);
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(credentialsOf(addon).port).toBe(port);
  });

  it('starts although its old pid file names a living stranger, and leaves the stranger alone', async () => {
    const pid = await pidOf();
    process.kill(pid, 'SIGKILL');
    await isDead(pid);
    const file = join(folder, 'data', 'postmaster.pid');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(process.pid)));
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Stopped' });
    await service.stop(addon);
    await service.ensureRunning(addon);
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
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
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('tells in the server’s own words why it does not start, and is well again when the cause is gone', async () => {
    await service.stop(addon);
    const broken = join(folder, 'data', 'postgresql.auto.conf');
    const before = await readFile(broken);
    await writeFile(broken, "nonsense_setting = 'x'\n");
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringMatching(/did not start: .*(nonsense_setting|contains errors)/) as string,
    });
    await writeFile(broken, before);
    await service.ensureRunning(addon);
  });

  it('keeps at most five log files', async () => {
    for (let n = 0; n < 9; n++)
      await writeFile(join(folder, 'log', `postgres-20200101-00000${n}.log`), 'old');
    await service.ensureRunning(addon);
    expect((await readdir(join(folder, 'log'))).length).toBeLessThanOrEqual(5);
  });

  it('is provisioned again under the same id with its data, and with a new password only', async () => {
    const again = await provisioned(service, addon.id);
    const newUrl = service.configVars(again, 'DATABASE', 'process')['DATABASE_URL'];
    expect(newUrl).not.toBe(url);
    expect(await query(newUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await expect(
      query(newUrl?.replace(/:[\w-]{43}@/, `:${credentialsOf(addon).password}@`), 'SELECT 1'),
    ).rejects.toThrow(/password authentication failed/);
    addon = again;
    url = newUrl ?? '';
  });

  it('has new credentials beside the former ones, for the same objects, until those are cut off', async () => {
    const { rotation } = service;
    let present = { ...addon, data: await rotation.begin(addon) };
    const urlOf = (of: AddonInstance) => service.configVars(of, 'DATABASE', 'process')['DATABASE_URL'] ?? '';
    expect(urlOf(present)).not.toBe(url);
    await query(urlOf(present), 'CREATE TABLE made_by_second AS SELECT 2 AS n');
    // What a pooler's DISCARD ALL leads to.
    await query(urlOf(present), 'SET ROLE NONE; CREATE SCHEMA stray; CREATE TABLE stray.t AS SELECT 3 AS n');
    expect(await query(url, 'SELECT n FROM made_by_second')).toEqual([{ n: 2 }]);

    const held = new pg.Client({ connectionString: url });
    const lost = new Promise((resolve) => held.on('error', resolve));
    await held.connect();
    await rotation.end(present, addon.data);
    await rotation.end(present, addon.data);
    expect(String(await lost)).toMatch(/terminat/);
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/password authentication failed/);

    const second = present;
    present = { ...addon, data: await rotation.begin(second) };
    expect(await query(urlOf(present), 'SELECT n FROM stray.t')).toEqual([{ n: 3 }]);
    expect(await query(urlOf(second), 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await rotation.end(present, second.data);
    await expect(query(urlOf(second), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    addon = present;
    url = urlOf(present);
  });

  it('gets its roles late where an earlier tfk made it, and keeps its password', async () => {
    const { host, port, user, password, database } = addon.data as Record<string, string>;
    const early = { host, port, user, password, database } as AddonInstance['data'];
    const data = await service.rotation.begin({ ...addon, data: early });
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    const present = { ...addon, data };
    expect(
      await query(service.configVars(present, 'DATABASE', 'process')['DATABASE_URL'], 'SELECT n FROM kept'),
    ).toEqual([{ n: 1 }]);
    await service.rotation.end(present, early);
    addon = present;
    url = service.configVars(addon, 'DATABASE', 'process')['DATABASE_URL'] ?? '';
  });

  it('is stopped without its neighbour, and keeps its data', async () => {
    const other = await provisioned(service);
    await service.stop(addon);
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Stopped' });
    expect(
      await query(service.configVars(other, 'DATABASE', 'process')['DATABASE_URL'], 'SELECT 1 AS n'),
    ).toEqual([{ n: 1 }]);
    await service.ensureRunning(addon);
    expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await service.deprovision(other);
  });

  it('leaves nothing when it is removed, also twice, and says so to whoever wants to start it', async () => {
    const other = await provisioned(service);
    const otherUrl = service.configVars(other, 'DATABASE', 'process')['DATABASE_URL'];
    await service.deprovision(other);
    await service.deprovision(other);
    expect((await readdir(join(home, 'addons', 'postgres'))).sort()).toEqual([addon.id, 'binaries'].sort());
    await expect(query(otherUrl, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await expect(service.ensureRunning(other)).rejects.toMatchObject({ id: 'gone' });
  });

  it('leaves nothing when its making is cancelled', async () => {
    const stop = new AbortController();
    const id = newId();
    const progress = (text: string) => text.startsWith('Creating') && setTimeout(() => stop.abort(), 100);
    await expect(service.provision(aRequest(id, { signal: stop.signal, progress }))).rejects.toThrow(
      /was cancelled/,
    );
    expect(await readdir(join(home, 'addons', 'postgres'))).not.toContain(id);
  });

  it('takes up a making that was killed half-way', async () => {
    const id = newId();
    await mkdir(join(home, 'addons', 'postgres', id, 'data.unfinished', 'base'), { recursive: true });
    const taken = await provisioned(service, id);
    expect(
      await query(service.configVars(taken, 'DATABASE', 'process')['DATABASE_URL'], 'SELECT 1 AS n'),
    ).toEqual([{ n: 1 }]);
    await service.deprovision(taken);
  });

  it.runIf(process.getuid?.() === 0)(
    'lives in the system folder when tfkd is root and its home is closed to others',
    async () => {
      const closed = join(home, 'closed');
      await mkdir(closed, { mode: 0o700 });
      const systemBin = join(home, 'addons', 'postgres', 'binaries', '15.18.0-beta.17', 'bin');
      const hidden = anAddonService(home, { addonsDir: join(closed, 'addons'), systemBin });
      const other = await provisioned(hidden);
      expect(await readdir(join(home, 'system', 'postgres'))).toEqual([other.id]);
      expect(
        await query(hidden.configVars(other, 'DATABASE', 'process')['DATABASE_URL'], 'SELECT 1 AS n'),
      ).toEqual([{ n: 1 }]);
      await hidden.deprovision(other);
      expect(await readdir(join(home, 'system', 'postgres'))).toEqual([]);
    },
  );
});

describe('the binaries', () => {
  it(
    'are installed once by two first provisions at once, without leftovers',
    async () => {
      const home = await aHome();
      const [one, two] = [anAddonService(home), anAddonService(home)];
      const addons = await Promise.all([provisioned(one), provisioned(two)]);
      expect(await readdir(join(home, 'addons', 'postgres', 'binaries'))).toEqual(['15.18.0-beta.17']);
      for (const addon of addons) await one.deprovision(addon);
      await rm(home, { recursive: true });
    },
    WITH_INSTALL_MS,
  );

  it('that cannot be fetched are told with npm’s reason and a way out, and leave nothing', async () => {
    const home = await aHome();
    const cache = join(home, 'empty-cache');
    const buildEnv = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      npm_config_registry: 'http://127.0.0.1:1/',
      npm_config_cache: cache,
      npm_config_fetch_retries: '0',
    };
    await expect(anAddonService(home, { buildEnv }).provision(aRequest())).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED') as string,
      hint: expect.stringContaining('TFK_POSTGRES_BIN') as string,
    });
    expect(await readdir(join(home, 'addons', 'postgres', 'binaries'))).toEqual([]);
    expect(await readdir(join(home, 'addons', 'postgres'))).toEqual(['binaries']);
    await rm(home, { recursive: true });
  });

  it('say that npm is not there', async () => {
    const home = await aHome();
    const service = anAddonService(home, { npmPath: join(home, 'no-npm') });
    await expect(service.provision(aRequest())).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringContaining('ENOENT') as string,
    });
    await rm(home, { recursive: true });
  });

  it('of the machine are used only where they are', async () => {
    const home = await aHome();
    await expect(anAddonService(home, { systemBin: home }).provision(aRequest())).rejects.toThrow(
      /TFK_POSTGRES_BIN names/,
    );
    await rm(home, { recursive: true });
  });
});
