import type Docker from 'dockerode';
import { SerialQueue } from '../../../shared/serial-queue.js';
import { unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import type { Names } from '../names.js';

/** The network of all builds of one home: out of reach of dynos, and builds do not reach each other in it. */
export class BuildNetwork {
  /** One after the other: what is being removed is found by nobody. */
  private readonly turns = new SerialQueue();

  constructor(private readonly parts: { readonly client: DockerClient; readonly names: Names }) {}

  /** Its id; it is made where there is none. */
  ensure(): Promise<string> {
    return this.turns.run('network', () => this.findOrCreate());
  }

  /** When no build runs. */
  remove(): Promise<void> {
    return this.turns.run('network', async () => {
      const docker = await this.parts.client.api();
      // 403: a container is in it still.
      for (const id of await this.find(docker)) await unless([403, 404], docker.getNetwork(id).remove());
    });
  }

  private async findOrCreate(): Promise<string> {
    const { client, names } = this.parts;
    const docker = await client.api();
    const [known] = await this.find(docker);
    if (known !== undefined) return known;
    const { id } = await docker.createNetwork({
      Name: names.network('build'),
      Driver: 'bridge',
      Labels: names.labels('build'),
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    });
    return id;
  }

  private async find(docker: Docker): Promise<string[]> {
    const found = await docker.listNetworks({ filters: { label: this.parts.names.filter('build') } });
    return found.map(({ Id }) => Id);
  }
}
