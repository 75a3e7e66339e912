import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AddonInstance, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { credentialsOf } from '../../../daemon/addons/redis/credentials.js';
import { RedisAddon } from '../../../daemon/addons/redis/redis-addon.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { describeDocker, leftoversOf, removeAllOf } from '../../support/docker.js';
import { ask, REDIS_ON_THIS_MACHINE } from '../../support/redis.js';
import { aFolder, aHomeOn, aRequest, listeningOn, removeFolder, type TestHome } from './support.js';

const IMAGE = 'redis:7';

await describeDocker('A Redis in a container', (engine) => {
  const { docker } = engine;
  const app = newId();
  let folder: string;
  let home: TestHome;
  let service: RedisAddon;
  let addon: AddonInstance;
  let url: string;

  beforeAll(async () => {
    folder = await aFolder();
    home = aHomeOn(engine);
    service = anAddonService();
    addon = await provisioned({ apps: [app] });
    url = urlOf(addon, 'process');
    await ask(url, 'SET', 'kept', '1');
  });
  afterAll(async () => {
    await removeAllOf(docker, home.names);
    await removeFolder(folder);
  });

  const anAddonService = (redisImage: string | null = IMAGE): RedisAddon =>
    new RedisAddon({
      addonsDir: folder,
      systemDir: folder,
      clock: systemClock,
      binaries: REDIS_ON_THIS_MACHINE,
      containers: home.services,
      redisImage,
    });
  const provisioned = async (more: Partial<ProvisionRequest> = {}): Promise<AddonInstance> => {
    const request = aRequest({ plan: 'redis:mini', ...more });
    const { id, name, plan, engine: on, apps } = request;
    const { data } = await service.provision(request);
    return { id, name, hostName: name, plan, data, engine: on, apps };
  };
  const urlOf = (of: AddonInstance, from: 'docker' | 'process'): string =>
    service.configVars(of, 'REDIS', from)['REDIS_URL'] ?? '';
  const container = (of: AddonInstance = addon) => docker.getContainer(home.names.service(of.id));

  /** What redis-cli prints in a container of the app's network, as a dyno would run it. */
  const askFrom = async (appId: string, target: string, ...command: string[]): Promise<string> => {
    const at = new URL(target);
    const dyno = await docker.createContainer({
      Image: IMAGE,
      Entrypoint: [],
      Cmd: ['timeout', '5', 'redis-cli', '-h', at.hostname, '-p', at.port, ...command],
      Env: [`REDISCLI_AUTH=${at.password}`],
      Tty: true,
      Labels: home.names.labels('dyno'),
      HostConfig: {
        NetworkMode: await home.networks.ensure(appId),
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
      },
    });
    try {
      const printed = await dyno.attach({ stream: true, stdout: true, stderr: true });
      await dyno.start();
      return (await buffer(printed)).toString('utf8').trim();
    } finally {
      await dyno.remove({ force: true, v: true });
    }
  };

  it('is found by dynos of its app by its name, and by this machine on a loopback port', async () => {
    const { port, password } = credentialsOf(addon);
    expect(urlOf(addon, 'docker')).toBe(`redis://:${password}@${addon.name}:6379`);
    expect(url).toBe(`redis://:${password}@127.0.0.1:${port}`);
    expect(await askFrom(app, urlOf(addon, 'docker'), 'GET', 'kept')).toContain('"1"');
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('is not reached by dynos of another app, nor without its password', async () => {
    expect(await askFrom(newId(), urlOf(addon, 'docker'), 'PING')).toMatch(/Could not connect|resolution/);
    const guess = urlOf(addon, 'docker').replace(credentialsOf(addon).password, 'guess');
    expect(await askFrom(app, guess, 'PING')).toMatch(/WRONGPASS|NOAUTH/);
  });

  it('is hardened, listens on loopback alone, and has the memory of its plan', async () => {
    const { Config, HostConfig } = await container().inspect();
    expect(Config.Labels).toMatchObject(home.names.labels('service', { 'tfk.service': addon.id }));
    expect(HostConfig).toMatchObject({ CapDrop: ['ALL'], Init: true, Privileged: false });
    const bindings = Object.values(HostConfig.PortBindings as Record<string, { HostIp: string }[]>).flat();
    expect(bindings.map(({ HostIp }) => HostIp)).toEqual(['127.0.0.1']);
    expect(HostConfig.Memory).toBe((2 * 25 + 128) * 1024 ** 2);
    expect(await ask(url, 'CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(25 * 1024 ** 2)]);
    const status = await home.services.run(addon.id, {
      command: ['sh', '-c', 'id -u redis; cat /proc/*/status | grep -A8 redis-server'],
      input: '',
    });
    expect(status.output).toMatch(/^999\n[\s\S]*Uid:\t999/);
  });

  it('shows its password to nobody: not in docker inspect, not in its log, not in its files', async () => {
    const { password } = credentialsOf(addon);
    expect(JSON.stringify(await container().inspect())).not.toContain(password);
    expect((await container().logs({ stdout: true, stderr: true })).includes(password)).toBe(false);
    const grep = ['grep', '-rlF', '-f', '-', '/etc', '/data', '/tmp', '/var'];
    expect(await home.services.run(addon.id, { command: grep, input: `${password}\n` })).toEqual({
      exitCode: 1,
      output: '',
    });
  });

  it('is the same container after many calls at once, and for another tfkd', async () => {
    const { Id, State } = await container().inspect();
    await Promise.all(Array.from({ length: 10 }, () => service.ensureRunning(addon)));
    await anAddonService().ensureRunning(addon);
    const after = await container().inspect();
    expect([after.Id, after.State.StartedAt]).toEqual([Id, State.StartedAt]);
  });

  it('comes back by itself when its server is killed, with what it had acknowledged', async () => {
    await ask(url, 'SET', 'last', 'word');
    const kill = ['sh', '-c', 'kill -9 $(cat /proc/1/task/1/children)'];
    const exec = await container().exec({ Cmd: kill, User: 'redis' });
    await exec.start({ Detach: true });
    await expect.poll(async () => (await container().inspect()).RestartCount, { timeout: 30_000 }).toBe(1);
    await expect.poll(() => ask(url, 'GET', 'last').catch(() => null), { timeout: 30_000 }).toBe('word');
  });

  it('comes back with its data after docker rm -f, at the same addresses', async () => {
    await container().remove({ force: true, v: true });
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({ Status: 'Stopped' });
    await service.ensureRunning(addon);
    expect(await ask(url, 'MGET', 'kept', 'last')).toEqual(['1', 'word']);
    expect(await askFrom(app, urlOf(addon, 'docker'), 'GET', 'kept')).toContain('"1"');
  });

  it('takes more with a larger plan, and has all it had', async () => {
    addon = { ...addon, plan: 'redis:premium-0' };
    await service.ensureRunning(addon);
    expect(await ask(url, 'CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(50 * 1024 ** 2)]);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
    expect(Object.fromEntries(await service.describe(addon))).toMatchObject({
      Status: 'Available',
      Keys: '2',
    });
  });

  it('takes new credentials and runs on, in the same container; docker rm -f does not bring the former ones back', async () => {
    const { Id } = await container().inspect();
    const old = url;
    const both = { ...addon, data: await service.rotation.begin(addon) };
    url = urlOf(both, 'process');
    expect([await ask(old, 'PING'), await ask(url, 'PING')]).toEqual(['PONG', 'PONG']);
    await service.ensureRunning(both);
    await container().restart();
    await service.ensureRunning(both);
    expect([await ask(old, 'PING'), await ask(url, 'PING')]).toEqual(['PONG', 'PONG']);
    addon = { ...addon, data: await service.rotation.end(both, addon.data) };
    await expect(ask(old, 'PING')).rejects.toThrow(/WRONGPASS/);
    expect((await container().inspect()).Id).toBe(Id);
    await container().remove({ force: true, v: true });
    await service.ensureRunning(addon);
    await expect(ask(old, 'PING')).rejects.toThrow(/WRONGPASS/);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('is provisioned again under the same id with its data, and with a new password only', async () => {
    const old = url;
    addon = await provisioned({ id: addon.id, name: addon.name, plan: addon.plan, apps: [app] });
    url = old.replace(/:\d+$/, `:${credentialsOf(addon).port}`);
    await expect(ask(url, 'PING')).rejects.toThrow(/WRONGPASS|NOAUTH/);
    url = urlOf(addon, 'process');
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('whose image is no Redis is told in its own words, and leaves nothing', async () => {
    const before = (await leftoversOf(docker, home.names)).sort();
    await expect(anAddonService('postgres:15').provision(aRequest())).rejects.toMatchObject({
      message: expect.stringMatching(/did not start|not found/) as string,
    });
    expect((await leftoversOf(docker, home.names)).sort()).toEqual(before);
  });

  it('says who holds its port instead of taking another', async () => {
    await service.stop(addon);
    const squatter = await listeningOn(credentialsOf(addon).port);
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({ id: 'conflict' });
    await new Promise((closed) => squatter.close(closed));
    await service.ensureRunning(addon);
    expect(await ask(url, 'GET', 'kept')).toBe('1');
  });

  it('leaves nothing when it is removed, also twice', async () => {
    await service.deprovision(addon);
    await service.deprovision(addon);
    await expect(service.ensureRunning(addon)).rejects.toMatchObject({ id: 'gone' });
    expect((await leftoversOf(docker, home.names)).filter((thing) => !thing.startsWith('network'))).toEqual(
      [],
    );
  });
});
