import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { LABEL, type Names } from '../../../daemon/engines/docker/names.js';
import { AppNetworks } from '../../../daemon/engines/docker/networks.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../../support/docker.js';

const LATER_MS = 3_600_000;

await describeDocker('The networks of apps', ({ docker, client }) => {
  let names: Names;
  beforeEach(() => {
    names = freshNames();
  });
  afterEach(() => removeAllOf(docker, names));

  const networksAt = (offsetMs: number) =>
    new AppNetworks({ client, names, clock: { ...systemClock, now: () => Date.now() + offsetMs } });
  const networksOf = async (name: string) =>
    (await docker.listNetworks({ filters: { name: [name] } })).filter(({ Name }) => Name === name);

  test('are made once, however many ask, and found again by the next tfkd', async () => {
    const networks = networksAt(0);
    const ids = await Promise.all([1, 2, 3, 4].map(() => networks.ensure('app')));
    expect(new Set(ids).size).toBe(1);
    expect(await networksAt(0).ensure('app')).toBe(ids[0]);
    expect(await networks.ensure('other')).not.toBe(ids[0]);
    const [network] = await networksOf(names.network('app'));
    expect(network?.Labels).toMatchObject({ [LABEL.home]: names.home, [LABEL.app]: 'app' });
  });

  test('leave a stranger’s network of the same name alone', async () => {
    const name = names.network('app');
    const stranger = await docker.createNetwork({ Name: name });
    onTestFinished(() => stranger.remove());
    const id = await networksAt(0).ensure('app');
    expect(id).not.toBe(stranger.id);
    expect(await networksAt(0).ensure('app')).toBe(id);
  });

  test('are removed when nothing is in them, and nobody has just asked for them', async () => {
    const networks = networksAt(0);
    await networks.ensure('empty');
    const used = await networks.ensure('used');
    const created = await networks.ensure('created');
    await container(used).then((one) => one.start());
    await container(created);
    expect(await networks.removeUnused()).toBe(0);
    expect(await networksAt(LATER_MS).removeUnused()).toBe(1);
    const left = (await leftoversOf(docker, names)).filter((one) => one.startsWith('network'));
    expect(left.sort()).toEqual([`network ${names.network('created')}`, `network ${names.network('used')}`]);
  });

  const container = (network: string) =>
    docker.createContainer({
      Image: 'node:20-slim',
      Cmd: ['sleep', '60'],
      Labels: names.labels('dyno'),
      HostConfig: { NetworkMode: network, Init: true },
    });
});
