import { pino } from 'pino';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { DockerBuilder } from '../../../daemon/engines/docker/build/builder.js';
import { ConnectedClient } from '../../../daemon/engines/docker/connection/connected-client.js';
import { DockerEngine } from '../../../daemon/engines/docker/engine.js';
import { LABEL, type Kind, type Names } from '../../../daemon/engines/docker/names.js';
import { AppNetworks } from '../../../daemon/engines/docker/networks.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../../support/docker.js';
import { ForwardedDocker } from '../../support/forwarded-docker.js';
import { eventually } from '../../support/process-engine.js';

await describeDocker('What an earlier tfkd left on Docker', ({ docker }) => {
  let names: Names;
  let forwarded: ForwardedDocker;
  beforeEach(async () => {
    names = freshNames();
    onTestFinished(() => removeAllOf(docker, names));
    forwarded = await ForwardedDocker.create();
    await forwarded.open();
    for (const kind of ['dyno', 'build'] as const) await leave(kind);
  });

  const leave = async (kind: Kind) => {
    const labels = names.labels(kind, { [LABEL.instance]: `${names.home}-left`, [LABEL.dyno]: 'web.1' });
    const HostConfig = { NetworkMode: 'none' };
    const options = { Image: 'node:20-slim', Cmd: ['true'], Labels: labels, HostConfig };
    return (await docker.createContainer(options)).id;
  };

  const open = () => {
    const client = new ConnectedClient({ env: { DOCKER_HOST: `unix://${forwarded.path}` } });
    const parts = { client, names, clock: systemClock, logger: pino({ level: 'silent' }) };
    const builder = new DockerBuilder({ ...parts, home: '/nowhere', baseImages: {} });
    return DockerEngine.open({ ...parts, networks: new AppNetworks(parts), builder });
  };

  test('is cleared away when the next one opens', async () => {
    await open();
    expect(await leftoversOf(docker, names)).toEqual([]);
  });

  test('hinders nothing where it cannot be removed', async () => {
    const heal = forwarded.doom(/^DELETE /, 'refused');
    const engine = await open();
    expect(await engine.list()).toMatchObject([{ state: { kind: 'exited', exit: { code: null } } }]);
    expect(await leftoversOf(docker, names)).toHaveLength(2);
    heal();
    await engine.collectGarbage([]);
    expect(await leftoversOf(docker, names)).toHaveLength(1);
  });

  test('is cleared away but for the one thing that cannot be removed', async () => {
    const stuck = await leave('build');
    forwarded.doom(new RegExp(`^DELETE .*/containers/${stuck}`), 'refused');
    await open();
    expect(await leftoversOf(docker, names)).toEqual([expect.stringMatching(/^container /)]);
    expect((await docker.getContainer(stuck).inspect()).Id).toBe(stuck);
  });

  test('holds up no listing where its removal hangs', async () => {
    const heal = forwarded.doom(/^DELETE /, 'lost');
    const engine = await open();
    expect(await engine.list()).toHaveLength(1);
    heal();
  }, 20_000);

  test('is cleared away later where Docker was away', async () => {
    await forwarded.close();
    const engine = await open();
    await forwarded.open();
    await eventually(async () => {
      await engine.list();
      expect(await leftoversOf(docker, names)).toEqual([]);
    });
  });
});
