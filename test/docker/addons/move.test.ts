import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AddonInstance } from '../../../daemon/addons/addon.js';
import { credentialsOf } from '../../../daemon/addons/postgres/credentials.js';
import type { PostgresAddon } from '../../../daemon/addons/postgres/postgres-addon.js';
import type { ServiceHost } from '../../../daemon/engines/service-host.js';
import { newId } from '../../../daemon/shared/ids.js';
import { describeDocker, removeAllOf } from '../../support/docker.js';
import {
  aFolder,
  aHomeOn,
  anAddonService,
  provisioned,
  psqlFrom,
  query,
  removeFolder,
  type TestHome,
} from './support.js';

await describeDocker('A PostgreSQL of this machine whose app moves to Docker', (engine) => {
  const { docker } = engine;
  const app = newId();
  let folder: string;
  let home: TestHome;
  let network: string;
  let service: PostgresAddon;
  let addon: AddonInstance;

  beforeAll(async () => {
    folder = await aFolder();
    home = aHomeOn(engine);
    network = await home.networks.ensure(app);
    service = anAddonService(folder, home, { containers: reachedAt(await gatewayOf(network)) });
    addon = await provisioned(service, { engine: 'process' });
    await query(urlOf('process'), 'CREATE TABLE kept AS SELECT 1 AS n');
  }, 240_000);
  afterAll(async () => {
    await service.deprovision(addon);
    await removeAllOf(docker, home.names);
    await removeFolder(folder);
  });

  const urlOf = (from: 'docker' | 'process'): string =>
    service.configVars(addon, 'DATABASE', from)['DATABASE_URL'] ?? '';
  const reachedAt = (address: string | null): ServiceHost =>
    Object.assign(Object.create(home.services) as ServiceHost, { hostAddress: async () => address });
  const gatewayOf = async (id: string): Promise<string> => {
    const { IPAM } = (await docker.getNetwork(id).inspect()) as { IPAM: { Config: { Gateway: string }[] } };
    return IPAM.Config[0]?.Gateway ?? '';
  };
  const rowsFromDyno = () => psqlFrom(docker, home, network, urlOf('docker'), 'SELECT n FROM kept');
  const startedAt = () => query(urlOf('process'), 'SELECT pg_postmaster_start_time()::text AS at');

  it('is not named to containers before it lets them in', () => {
    expect(() => urlOf('docker')).toThrow(/does not let containers in yet\. Nothing was changed/);
  });

  it('stays as it is where containers have no way to this machine, and says so', async () => {
    const before = await startedAt();
    const remote = anAddonService(folder, home, { containers: reachedAt(null) });
    const elsewhere = anAddonService(folder, home, { containers: reachedAt('192.0.2.254') });
    for (const refusing of [remote, elsewhere]) {
      await expect(refusing.open(addon, 'docker')).rejects.toMatchObject({
        id: 'unavailable',
        message: expect.stringMatching(/no way to this machine\. Nothing was changed\.$/) as string,
      });
    }
    expect(await startedAt()).toEqual(before);
  });

  it('lets its app’s containers in, after one restart, and still this machine’s programs', async () => {
    addon = { ...addon, data: await service.open(addon, 'docker'), apps: [app] };
    expect(await rowsFromDyno()).toBe('1');
    expect(await query(urlOf('process'), 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    const before = await startedAt();
    expect(await service.open(addon, 'docker')).toEqual(addon.data);
    await service.ensureRunning(addon);
    expect(await startedAt()).toEqual(before);
  });

  it('lets nobody in without the password, nor into another database', async () => {
    const { password } = credentialsOf(addon);
    const guess = urlOf('docker').replace(password, 'guess');
    expect(await psqlFrom(docker, home, network, guess, 'SELECT 1')).toMatch(
      /password authentication failed/,
    );
    const other = urlOf('docker').replace(/\/d\w+$/, '/postgres');
    expect(await psqlFrom(docker, home, network, other, 'SELECT 1')).toMatch(/no pg_hba.conf entry/);
  });

  it('lets them in after it was stopped and started', async () => {
    await service.stop(addon);
    await service.ensureRunning(addon);
    expect(await rowsFromDyno()).toBe('1');
  });

  it('asks a local engine for its default bridge, and knows no way from a remote one', async () => {
    const subnets = await docker.getNetwork('bridge').inspect();
    const first = JSON.stringify(subnets).match(/"Subnet":"(\d+\.\d+\.\d+)\./)?.[1];
    expect(await home.services.hostAddress()).toMatch(new RegExp(`^${first}\\.\\d+$`));
    const host = { ...(await engine.client.host()), local: false };
    const client = { ...engine.client, host: async () => host };
    expect(await aHomeOn({ docker, client }).services.hostAddress()).toBeNull();
  });
});
