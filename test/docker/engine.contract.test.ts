import { LABEL } from '../../daemon/engines/docker/names.js';
import { describeEngine } from '../contract/engine.contract.js';
import { DockerBench } from '../support/docker-engine.js';
import { describeDocker } from '../support/docker.js';

await describeDocker('On Docker', ({ docker }) => {
  describeEngine('docker', async () => {
    const bench = await DockerBench.open(docker);
    const base = await docker.getImage('node:20-slim').inspect();
    const neighbour = await DockerBench.open(docker);
    return {
      engine: bench.engine,
      reopen: () => bench.reopen(),
      neighbour: () => Promise.resolve(neighbour.engine),
      leftovers: async (instances) => {
        const label = [`${LABEL.home}=${bench.names.home}`];
        const running = await docker.listContainers({ filters: { label } });
        const left = running.filter(({ Labels }) => instances.includes(Labels[LABEL.instance] ?? ''));
        return left.map(({ Names: [name], Id }) => `container ${name ?? Id}`);
      },
      baseVariables: base.Config.Env.map((entry) => entry.split('=', 1)[0] ?? ''),
      dispose: async () => {
        await bench.dispose();
        await neighbour.dispose();
      },
    };
  });
});
