import type Docker from 'dockerode';
import type { DynoAddress, DynoHandle, DynoLabels } from '../../engine.js';
import { answerOf, statusOf, unless } from '../answers.js';
import type { DockerClient, DockerHost } from '../client.js';
import { LABEL, type Names } from '../names.js';
import { PORT_LABEL } from './container-options.js';

const LOOPBACK = '127.0.0.1';

/** The containers of our own home's dynos, as the engine lists them, and the handles that stand for them. */
export class Containers {
  /** Docker forgets where a container was reached when it ends. */
  private readonly addresses = new Map<string, DynoAddress | null>();

  constructor(private readonly parts: { readonly client: DockerClient; readonly names: Names }) {}

  async all(): Promise<Docker.ContainerInfo[]> {
    const found = await this.list([]);
    const ids = new Set(found.map(({ Id }) => Id));
    for (const id of this.addresses.keys()) if (!ids.has(id)) this.addresses.delete(id);
    return found;
  }

  /** Null: the dyno has none (any more), or it is another home's. */
  async find(instance: string): Promise<Docker.ContainerInfo | null> {
    return (await this.list([`${LABEL.instance}=${instance}`]))[0] ?? null;
  }

  async handleOf(container: Docker.ContainerInfo): Promise<DynoHandle> {
    const host = await this.parts.client.host();
    const address = addressOf(container, host) ?? this.addresses.get(container.Id) ?? null;
    this.addresses.set(container.Id, address);
    const instance = container.Labels[LABEL.instance] ?? '';
    return { engine: 'docker', version: 1, instance, address, data: { container: container.Id } };
  }

  /** Kills it first if it runs, and takes its anonymous volumes along. Without effect when it is gone. */
  async discard(id: string): Promise<void> {
    const container = (await this.parts.client.api()).getContainer(id);
    await unfrozen(container, () => container.remove({ force: true, v: true }));
  }

  /** Without effect when it is gone, or was started since. */
  async discardUnstarted(id: string): Promise<void> {
    const container = (await this.parts.client.api()).getContainer(id);
    await unless([404, 409], container.remove({ v: true }));
  }

  async kill(id: string, signal: string): Promise<void> {
    const container = (await this.parts.client.api()).getContainer(id);
    await unfrozen(container, () => container.kill({ signal }));
  }

  private async list(labels: readonly string[]): Promise<Docker.ContainerInfo[]> {
    const docker = await this.parts.client.api();
    const filters = { label: [...this.parts.names.filter('dyno'), ...labels] };
    return docker.listContainers({ all: true, filters });
  }
}

export function labelsOf({ Labels: labels }: Docker.ContainerInfo): DynoLabels {
  return {
    appId: labels[LABEL.app] ?? '',
    dyno: labels[LABEL.dyno] ?? '',
    releaseVersion: Number(labels[LABEL.release]),
  };
}

export const isAttached = ({ Labels: labels }: Docker.ContainerInfo): boolean =>
  labels[LABEL.stdio] === 'attached';

/** The port inside on which the dyno is to listen; null for one without PORT. */
export function portIn({ Labels: labels }: Docker.ContainerInfo): number | null {
  const port = labels[PORT_LABEL];
  return port === undefined ? null : Number(port);
}

/** The container's own address on this machine, else where its port is published. */
export function addressOf(container: Docker.ContainerInfo, host: DockerHost): DynoAddress | null {
  const port = portIn(container);
  if (port === null) return null;
  if (!host.local) {
    const published = publishedPort(container, port, publicHost(host));
    // Docker's own proxy accepts there, whether the dyno listens or not.
    return published === null ? null : { host: publicHost(host), port: published, relayed: true };
  }
  const [network] = Object.values(container.NetworkSettings.Networks);
  return network?.IPAddress ? { host: network.IPAddress, port, relayed: false } : null;
}

/** One that is published on all addresses may have another number for each of the two families. */
function publishedPort({ Ports }: Docker.ContainerInfo, inside: number, host: string): number | null {
  const published = Ports.filter(
    ({ PrivatePort, PublicPort, Type }) => PrivatePort === inside && Type === 'tcp' && PublicPort > 0,
  );
  const alike = published.find(({ IP }) => IP.includes(':') === host.includes(':'));
  return (alike ?? published[0])?.PublicPort ?? null;
}

/** Where published ports of this engine are reached. */
export function publicHost({ endpoint }: Pick<DockerHost, 'endpoint'>): string {
  if (!endpoint.startsWith('tcp://')) return LOOPBACK;
  return new URL(endpoint).hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * The address, on the engine's machine, on which ports are published; empty: all of them. What another machine is called here need
 * not be an address there (a name, a translated address), so nothing narrower is sure to work.
 */
export function publishAddress(host: Pick<DockerHost, 'endpoint'>): string {
  const reached = publicHost(host);
  if (reached === '::1') return reached;
  return reached === 'localhost' || /^127\./.test(reached) ? LOOPBACK : '';
}

/** Docker signals and removes nothing that someone has paused. 404 and 409: it is gone, or has ended. */
async function unfrozen(container: Docker.Container, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (/is paused/.test(answerOf(error))) {
      await unless([404, 409, 500], container.unpause());
      await unless([404, 409], act());
    } else if (/removal of container .* in progress/.test(answerOf(error))) {
      await untilGone(container);
    } else if (![404, 409].includes(statusOf(error) ?? 0)) throw error;
  }
}

/** Someone else removes it already. */
async function untilGone(container: Docker.Container): Promise<void> {
  await unless([404], container.wait({ condition: 'removed', abortSignal: AbortSignal.timeout(60_000) }));
}
