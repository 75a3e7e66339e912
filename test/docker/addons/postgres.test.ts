import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AddonInstance } from '../../../daemon/addons/addon.js';
import { credentialsOf } from '../../../daemon/addons/postgres/credentials.js';
import type { PostgresAddon } from '../../../daemon/addons/postgres/postgres-addon.js';
import { newId } from '../../../daemon/shared/ids.js';
import { describeDocker, leftoversOf, removeAllOf } from '../../support/docker.js';
import {
  aFolder,
  aHomeOn,
  anAddonService,
  listeningOn,
  provisioned,
  psqlFrom,
  query,
  removeFolder,
  type TestHome,
} from './support.js';

await describeDocker('A PostgreSQL in a container', (engine) => {
  const { docker } = engine;
  const app = newId();
  let folder: string;
  let home: TestHome;
  let service: PostgresAddon;
  let addon: AddonInstance;
  let url: string;

  beforeAll(async () => {
    folder = await aFolder();
    home = aHomeOn(engine);
    service = anAddonService(folder, home);
    addon = await provisioned(service, { apps: [app] });
    url = urlOf(addon, 'process');
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS n');
  });
  afterAll(async () => {
    await removeAllOf(docker, home.names);
    await removeFolder(folder);
  });

  const urlOf = (of: AddonInstance, from: 'docker' | 'process'): string =>
    service.configVars(of, 'DATABASE', from)['DATABASE_URL'] ?? '';
  const container = (of: AddonInstance = addon) => docker.getContainer(home.names.service(of.id));
  const rowsKept = () => query(url, 'SELECT n FROM kept');
  const psql = async (appId: string, target: string, sql = 'SELECT 6 * 7') =>
    psqlFrom(docker, home, await home.networks.ensure(appId), target, sql);

  it('is found by dynos of its app by its name, and by this machine on a loopback port', async () => {
    const { port, user, password, database } = credentialsOf(addon);
    expect(urlOf(addon, 'docker')).toBe(`postgres://${user}:${password}@${addon.name}:5432/${database}`);
    expect(url).toBe(`postgres://${user}:${password}@127.0.0.1:${port}/${database}`);
    expect(await psql(app, urlOf(addon, 'docker'), 'SELECT n FROM kept')).toBe('1');
    expect(await rowsKept()).toEqual([{ n: 1 }]);
  });

  it('listens to this machine on loopback alone', async () => {
    const { HostConfig } = await container().inspect();
    const bindings = Object.values(HostConfig.PortBindings as Record<string, { HostIp: string }[]>).flat();
    expect(bindings.map(({ HostIp }) => HostIp)).toEqual(['127.0.0.1']);
  });

  it('is not reached from the network of another app, by its name or its address', async () => {
    const other = newId();
    expect(await psql(other, urlOf(addon, 'docker'))).toMatch(/could not translate host name/);
    const { NetworkSettings } = await container().inspect();
    for (const { IPAddress } of Object.values(NetworkSettings.Networks)) {
      const target = urlOf(addon, 'docker').replace(`@${addon.name}:`, `@${IPAddress}:`);
      expect(await psql(other, target)).toMatch(/timeout expired|timed out|unreachable/);
    }
  });

  it('is hardened, and told by labels', async () => {
    const { Config, HostConfig } = await container().inspect();
    expect(Config.Labels).toMatchObject(home.names.labels('service', { 'tfk.service': addon.id }));
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Init: true,
      Privileged: false,
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'local' },
    });
    expect(HostConfig.Memory).toBeGreaterThan(0);
    expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
    expect(HostConfig.PidsLimit).toBeGreaterThan(0);
  });

  it('gives the app what is its own and no more', async () => {
    await expect(query(url, 'CREATE EXTENSION pgcrypto')).resolves.toEqual([]);
    const [role] = await query(
      url,
      'SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolcreaterole: false, rolcreatedb: false });
    await expect(query(url, `COPY kept TO PROGRAM 'id'`)).rejects.toThrow(/must be superuser or/);
    await expect(query(url.replace(/\/d\w+$/, '/postgres'), 'SELECT 1')).rejects.toThrow(/permission denied/);
    await expect(query(url.replace(/:[\w-]{43}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('sorts, counts and tells time like a server that is a process', async () => {
    const [row] = await query(
      url,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('timezone') AS zone, 'é' < 'z' AS sorted, upper('ß€é') AS upper, current_setting('data_checksums') AS checksums`,
    );
    expect(row).toEqual({ encoding: 'UTF8', zone: 'UTC', sorted: true, upper: 'SS€É', checksums: 'on' });
  });

  it('shows its password to nobody: not in docker inspect, not in its log, not in its files', async () => {
    const { password } = credentialsOf(addon);
    expect(JSON.stringify(await container().inspect())).not.toContain(password);
    const log = await container().logs({ stdout: true, stderr: true });
    expect(log.includes(password)).toBe(false);
    const grep = ['grep', '-rlF', '-f', '-', '/etc', '/run', '/tmp', '/var', '/docker-entrypoint-initdb.d'];
    expect(await home.services.run(addon.id, { command: grep, input: `${password}\n` })).toEqual({
      exitCode: 1,
      output: '',
    });
  });

  it('is described without secrets, in the words of a server that is a process', async () => {
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
    expect(JSON.stringify(described)).not.toContain(credentialsOf(addon).password);
  });

  it('is the same container after twenty calls at once, and for another tfkd', async () => {
    const { Id, State } = await container().inspect();
    await Promise.all(Array.from({ length: 20 }, () => service.ensureRunning(addon)));
    await anAddonService(folder, home).ensureRunning(addon);
    const after = await container().inspect();
    expect([after.Id, after.State.StartedAt]).toEqual([Id, State.StartedAt]);
  });

  it('comes back with its rows after docker rm -f, at the same addresses', async () => {
    await container().remove({ force: true, v: true });
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Stopped' });
    await service.ensureRunning(addon);
    expect(await rowsKept()).toEqual([{ n: 1 }]);
    expect(await psql(app, urlOf(addon, 'docker'), 'SELECT n FROM kept')).toBe('1');
  });

  it('comes back by itself when its server is killed, rows and all', async () => {
    const { Id } = await container().inspect();
    const kill = ['sh', '-c', 'kill -9 "$(head -n 1 "$PGDATA/postmaster.pid")"'];
    const exec = await container().exec({ Cmd: kill, User: 'postgres' });
    await exec.start({ Detach: true });
    await expect.poll(async () => (await container().inspect()).RestartCount, { timeout: 30_000 }).toBe(1);
    await expect.poll(() => rowsKept().catch(() => null), { timeout: 30_000 }).toEqual([{ n: 1 }]);
    expect((await container().inspect()).Id).toBe(Id);
  });

  it('is stopped with its data, and started again', async () => {
    await service.stop(addon);
    await service.stop(addon);
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Stopped' });
    await service.ensureRunning(addon);
    expect(await rowsKept()).toEqual([{ n: 1 }]);
  });

  it('serves two apps, each on its own network, and leaves the one it is detached from', async () => {
    const second = newId();
    const both = { ...addon, apps: [app, second] };
    const before = await container().inspect();
    await service.open(both, 'docker');
    expect(await psql(second, urlOf(addon, 'docker'), 'SELECT n FROM kept')).toBe('1');
    expect(await psql(app, urlOf(addon, 'docker'), 'SELECT n FROM kept')).toBe('1');
    expect(await rowsKept()).toEqual([{ n: 1 }]);
    await service.ensureRunning(addon);
    expect(await psql(second, urlOf(addon, 'docker'))).toMatch(/could not translate host name/);
    expect(await psql(app, urlOf(addon, 'docker'), 'SELECT n FROM kept')).toBe('1');
    await service.ensureRunning({ ...addon, apps: [] });
    expect(await rowsKept()).toEqual([{ n: 1 }]);
    await service.ensureRunning(addon);
    expect((await container().inspect()).Id).toBe(before.Id);
  });

  it('is provisioned again under the same id with its rows, and with a new password only', async () => {
    const again = await provisioned(service, { id: addon.id, name: addon.name, apps: [app] });
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/password authentication failed|ECONNREFUSED/);
    addon = again;
    url = urlOf(addon, 'process');
    expect(await rowsKept()).toEqual([{ n: 1 }]);
  });

  it('is made twice at once without seeing each other', async () => {
    const [one, two] = await Promise.all([provisioned(service), provisioned(service, { apps: [app] })]);
    expect(credentialsOf(one).port).not.toBe(credentialsOf(two).port);
    for (const each of [one, two])
      expect(await query(urlOf(each, 'process'), 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    const { NetworkSettings } = await container(one).inspect();
    const [own = ''] = Object.keys(NetworkSettings.Networks);
    const address = NetworkSettings.Networks[own]?.IPAddress ?? '';
    const knock = ['bash', '-c', `exec 3<>/dev/tcp/${address}/5432`];
    const blocked = { command: ['timeout', '3', ...knock], input: '' };
    expect((await home.services.run(two.id, blocked)).exitCode).toBe(124);
    await Promise.all([service.deprovision(one), service.deprovision(two)]);
  });

  it('is not made on the engine of another machine, where nobody here would reach it', async () => {
    const host = { ...(await engine.client.host()), local: false, endpoint: 'tcp://192.0.2.7:2375' };
    const client = { ...engine.client, api: async () => docker, host: async () => host };
    const remote = anAddonService(folder, aHomeOn({ docker, client }));
    await expect(provisioned(remote)).rejects.toMatchObject({
      id: 'unavailable',
      message: expect.stringMatching(/on the machine of the Docker engine.*Nothing was created\.$/) as string,
    });
    expect(await home.services.isHere()).toBe(true);
  });

  it('says who holds its port instead of taking another', async () => {
    const { port } = credentialsOf(addon);
    await service.stop(addon);
    const squatter = await listeningOn(port);
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({
      id: 'conflict',
      message: expect.stringContaining(String(port)) as string,
    });
    await new Promise((closed) => squatter.close(closed));
    await service.ensureRunning(addon);
    expect(await rowsKept()).toEqual([{ n: 1 }]);
  });

  it('leaves nothing when it is removed, also twice, and its ports and rows are gone', async () => {
    await service.deprovision(addon);
    await service.deprovision(addon);
    await expect(rowsKept()).rejects.toThrow(/ECONNREFUSED/);
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({ id: 'gone' });
    expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('network'))).toEqual(
      [],
    );
    expect(await docker.listNetworks({ filters: { label: home.names.filter('service') } })).toEqual([]);
  });
});
