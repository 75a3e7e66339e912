import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AddonInstance, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { ManifestAddon, rememberedService } from '../../../daemon/addons/manifests/manifest-addon.js';
import { checkManifest } from '../../../daemon/addons/manifests/schema.js';
import { portsInUse } from '../../../daemon/addons/servers/ports-in-use.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { describeDocker, leftoversOf, removeAllOf } from '../../support/docker.js';
import { ask } from '../../support/redis.js';
import { aHomeOn, aRequest, type TestHome } from './support.js';

/** An image that is here, as a service that tfk does not know. */
const MANIFEST = {
  name: 'cache',
  image: 'redis:7',
  command: ['redis-server', '/etc/cache.conf'],
  port: 6379,
  data: '/data',
  files: { '/etc/cache.conf': 'bind * -::*\nappendonly yes\nrequirepass {{admin}}\n' },
  passwords: ['admin'],
  config_vars: { URL: 'redis://:{{admin}}@{{host}}:{{port}}', HOST: '{{host}}' },
  plans: [
    { name: 'local', memory_mb: 64 },
    { name: 'large', memory_mb: 128 },
  ],
};

await describeDocker('An add-on of a manifest', (engine) => {
  const { docker } = engine;
  let home: TestHome;
  let service: ManifestAddon;
  let addon: AddonInstance;

  beforeAll(async () => {
    home = aHomeOn(engine);
    service = of({});
    addon = await provisioned(service);
    await ask(urlOf(), 'SET', 'kept', '1');
  });
  afterAll(() => removeAllOf(docker, home.names));

  const parts = () => ({
    containers: home.services,
    clock: systemClock,
    portsInUse: portsInUse([], home.services),
  });
  const of = (more: object): ManifestAddon => {
    const { manifest, problems } = checkManifest({ ...MANIFEST, ...more });
    if (!manifest) throw new Error(problems.join('\n'));
    return new ManifestAddon(manifest, parts());
  };
  const provisioned = async (from: ManifestAddon, more: Partial<ProvisionRequest> = {}) => {
    const request = aRequest({ plan: 'cache:local', ...more });
    const { id, name, plan, engine: on, apps } = request;
    const { data } = await from.provision(request);
    return { id, name, hostName: name, plan, data, engine: on, apps };
  };
  const urlOf = () => service.configVars(addon, 'CACHE', 'process')['CACHE_URL'];
  const memory = async () =>
    (await docker.getContainer(home.names.service(addon.id)).inspect()).HostConfig.Memory;

  it('is up under its config vars, with its password and the memory of its plan', async () => {
    expect(await ask(urlOf(), 'PING')).toBe('PONG');
    expect(service.configVars(addon, 'CACHE', 'docker')['CACHE_HOST']).toBe(addon.name);
    expect(await memory()).toBe(64 * 1024 ** 2);
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Available' });
    expect(JSON.stringify(await service.describe(addon))).not.toContain(String(addon.data['secret_admin']));
  });

  it('waits for its command, and comes back with its data after docker rm -f, by its remembered manifest too', async () => {
    await docker.getContainer(home.names.service(addon.id)).remove({ force: true, v: true });
    const patient = of({ ready: { command: ['sh', '-c', 'test -e /data/appendonlydir'] } });
    await patient.ensureRunning(addon);
    await docker.getContainer(home.names.service(addon.id)).remove({ force: true, v: true });
    await rememberedService(addon.data, parts())?.ensureRunning(addon);
    expect(await ask(urlOf(), 'GET', 'kept')).toBe('1');
  });

  it('follows its plan', async () => {
    await service.ensureRunning({ ...addon, plan: 'cache:large' });
    expect(await memory()).toBe(128 * 1024 ** 2);
    expect(await ask(urlOf(), 'GET', 'kept')).toBe('1');
  });

  it('that is never up ends with its own last words, and leaves nothing', async () => {
    const before = (await leftoversOf(docker, home.names)).sort();
    const broken = of({ command: ['sh', '-c', 'echo the moon is full; exit 3'] });
    await expect(provisioned(broken)).rejects.toMatchObject({
      message: expect.stringContaining('did not start: the moon is full') as string,
    });
    expect((await leftoversOf(docker, home.names)).sort()).toEqual(before);
  });

  it('leaves nothing when it is removed', async () => {
    await service.deprovision(addon);
    expect(await leftoversOf(docker, home.names)).toEqual([]);
  });
});
