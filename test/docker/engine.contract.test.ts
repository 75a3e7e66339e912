import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DockerBuilder } from '../../daemon/engines/docker/build/builder.js';
import { ConnectedClient } from '../../daemon/engines/docker/connection/connected-client.js';
import { DockerEngine } from '../../daemon/engines/docker/engine.js';
import { LABEL, type Names } from '../../daemon/engines/docker/names.js';
import { AppNetworks } from '../../daemon/engines/docker/networks.js';
import { systemClock } from '../../daemon/shared/clock.js';
import { describeEngine } from '../contract/engine.contract.js';
import { describeDocker, freshNames, leftoversOf, removeAllOf } from '../support/docker.js';

await describeDocker('On Docker', ({ docker }) => {
  describeEngine('docker', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tfk-contract-'));
    const [names, neighbours] = [freshNames(), freshNames()];
    const base = await docker.getImage('node:20-slim').inspect();
    return {
      engine: await openEngine(names, home),
      reopen: () => openEngine(names, home),
      neighbour: () => openEngine(neighbours, home),
      leftovers: async (instances) => {
        const label = [`${LABEL.home}=${names.home}`];
        const running = await docker.listContainers({ filters: { label } });
        const left = running.filter(({ Labels }) => instances.includes(Labels[LABEL.instance] ?? ''));
        return left.map(({ Names: [name], Id }) => `container ${name ?? Id}`);
      },
      baseVariables: base.Config.Env.map((entry) => entry.split('=', 1)[0] ?? ''),
      dispose: async () => {
        await removeAllOf(docker, names);
        await rm(home, { recursive: true });
        const left = [...(await leftoversOf(docker, names)), ...(await leftoversOf(docker, neighbours))];
        if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
      },
    };
  });
});

function openEngine(names: Names, home: string): Promise<DockerEngine> {
  const client = new ConnectedClient({ env: {} });
  const parts = { client, names, clock: systemClock, logger: pino({ level: 'silent' }) };
  const networks = new AppNetworks(parts);
  return DockerEngine.open({
    ...parts,
    networks,
    builder: new DockerBuilder({ ...parts, home, baseImages: {} }),
  });
}
