import type Docker from 'dockerode';
import { TfkError } from '../../../shared/errors.js';
import type { ServiceSpec } from '../../service-host.js';
import { statusOf, unless } from '../answers.js';
import type { Names } from '../names.js';

/** Gives an app's own network, made where it is missing; by id. */
export interface NetworksOfApps {
  ensure(appId: string): Promise<string>;
}

/**
 * The networks of services. Each is in one of their own, through which its port is published on the host and where services do
 * not see each other, and in that of every app it serves.
 */
export class ServiceNetworks {
  constructor(
    private readonly names: Names,
    private readonly apps: NetworksOfApps,
  ) {}

  /** The services' own network; made where it is missing. */
  async own(docker: Docker): Promise<string> {
    return (await this.find(docker)) ?? (await this.make(docker));
  }

  /** Removes the services' own network where nothing is in it. */
  async removeUnused(docker: Docker): Promise<void> {
    const id = await this.find(docker);
    if (id === undefined) return;
    const { Containers: members = {} } = (await unless([404], docker.getNetwork(id).inspect())) ?? {};
    const stopped = await docker.listContainers({
      all: true,
      filters: { label: this.names.filter('service') },
    });
    if (Object.keys(members).length > 0 || stopped.length > 0) return;
    await unless([404], docker.getNetwork(id).remove());
  }

  /** Joins the networks of the apps that the spec names, and leaves those of others. */
  async settle(docker: Docker, container: Docker.Container, spec: ServiceSpec): Promise<void> {
    const wanted = new Set(await Promise.all(spec.apps.map((appId) => this.apps.ensure(appId))));
    const own = await this.own(docker);
    const { NetworkSettings: settings } = await container.inspect();
    // Of a container that never ran, Docker tells no ids: it is in its own network alone.
    const joined = Object.values(settings.Networks).flatMap(({ NetworkID: id }) => (id === '' ? [] : [id]));
    for (const id of wanted) {
      if (!joined.includes(id)) await join(docker, id, container.id, spec.alias);
    }
    for (const id of joined) {
      if (id !== own && !wanted.has(id)) await leave(docker, id, container.id);
    }
  }

  private async find(docker: Docker): Promise<string | undefined> {
    const filters = { label: this.names.filter('service') };
    return (await docker.listNetworks({ filters }))[0]?.Id;
  }

  private async make(docker: Docker): Promise<string> {
    const name = this.names.service('network');
    try {
      const network = await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: this.names.labels('service'),
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      });
      return network.id;
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
      throw new TfkError(
        'conflict',
        `There is a Docker network ${name} that is not tfk’s. Nothing was touched.`,
        { hint: `Look at it with docker network inspect ${name}, and remove it when nobody needs it.` },
      );
    }
  }
}

async function join(docker: Docker, network: string, container: string, alias: string): Promise<void> {
  const joining = { Container: container, EndpointConfig: { Aliases: [alias] } };
  await docker.getNetwork(network).connect(joining);
}

async function leave(docker: Docker, network: string, container: string): Promise<void> {
  await unless([404], docker.getNetwork(network).disconnect({ Container: container, Force: true }));
}
