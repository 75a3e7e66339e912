import type Docker from 'dockerode';
import type { Logger } from '../../../shared/logger.js';
import type { DynoHandle, DynoSpec } from '../../engine.js';
import { checkLaunchable } from '../../launch/launchable.js';
import { EngineUnreachable } from '../../unreachable.js';
import { statusOf, unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import { orLeft } from '../leftovers.js';
import { LABEL, type Names } from '../names.js';
import type { AppNetworks } from '../networks.js';
import { containerOptions } from './container-options.js';
import { publishAddress, type Containers } from './containers.js';
import { findImage } from './image-facts.js';
import { startFailure } from './start-failure.js';

export interface StarterParts {
  readonly client: DockerClient;
  readonly names: Names;
  readonly networks: AppNetworks;
  readonly containers: Containers;
  readonly logger: Logger;
  readonly logConfig: (stdio: DynoSpec['stdio']) => Docker.HostConfig['LogConfig'];
  readonly attacher: {
    prepare(instance: string, containerId: string, terminal: DynoSpec['terminal']): Promise<void>;
    started(instance: string): Promise<void>;
    forget(instance: string): void;
  };
}

/** Starts dynos. Whatever fails on the way, nothing of the dyno is left. */
export class Starter {
  private readonly starting = new Map<string, Promise<DynoHandle>>();

  constructor(private readonly parts: StarterParts) {}

  /** The second start of an instance answers the first one's handle. */
  start(spec: DynoSpec): Promise<DynoHandle> {
    const running = this.starting.get(spec.instance);
    if (running) return running;
    const started = this.startOnce(spec).finally(() => this.starting.delete(spec.instance));
    this.starting.set(spec.instance, started);
    return started;
  }

  isStarting(instance: string): boolean {
    return this.starting.has(instance);
  }

  /** Resolves when no start of the instance is under way (any more); never rejects. */
  async settled(instance: string): Promise<void> {
    await this.starting.get(instance)?.catch(() => undefined);
  }

  /** Removes what an earlier tfkd was cut off from starting: none of it has ever run. */
  async sweep(): Promise<void> {
    const { containers, logger } = this.parts;
    for (const { Id: container, State, Labels } of await containers.all()) {
      if (State !== 'created' || this.isStarting(Labels[LABEL.instance] ?? '')) continue;
      await orLeft(containers.discardUnstarted(container), { container }, logger);
    }
  }

  private async startOnce(spec: DynoSpec): Promise<DynoHandle> {
    checkLaunchable(spec.env, spec.command);
    const { containers } = this.parts;
    const earlier = await containers.find(spec.instance);
    if (earlier && earlier.State !== 'created') return containers.handleOf(earlier);
    // A start that was cut off before its container ran: nothing was lost, so from the beginning.
    if (earlier) await containers.discard(earlier.Id);
    const container = await this.create(spec);
    try {
      await this.run(spec, container);
    } catch (error) {
      await this.undo(spec.instance, container.id, error);
      throw startFailure(spec.labels.dyno, error);
    }
    return this.handleOf(spec.instance, container.id);
  }

  private async create(spec: DynoSpec): Promise<Docker.Container> {
    const { client, names, networks, logConfig } = this.parts;
    const docker = await client.api();
    const host = await client.host();
    const image = await findImage(docker, names, spec);
    const options = containerOptions(spec, image, {
      names,
      network: await networks.ensure(spec.labels.appId),
      publishOn: host.local ? null : publishAddress(host),
      logConfig: logConfig(spec.stdio),
    });
    try {
      return await this.createNamed(docker, options);
    } catch (error) {
      throw startFailure(spec.labels.dyno, error);
    }
  }

  /** A stranger's container of that name is let be. The name is for people's eyes: ours are found by their labels. */
  private async createNamed(
    docker: Docker,
    options: Docker.ContainerCreateOptions,
  ): Promise<Docker.Container> {
    const unlike = { ...options, name: `${options.name ?? ''}-${this.parts.names.home}` };
    return (await this.createAs(docker, options)) ?? (await docker.createContainer(unlike));
  }

  /** Null: the name is a stranger's. Our own is that of an earlier try, which dockerd went on with when we had given it up. */
  private async createAs(
    docker: Docker,
    options: Docker.ContainerCreateOptions,
  ): Promise<Docker.Container | null> {
    try {
      return await docker.createContainer(options);
    } catch (error) {
      if (statusOf(error) !== 409 || !options.name) throw error;
      const holder = await unless([404], docker.getContainer(options.name).inspect());
      if (!holder) throw stillMaking(error);
      const isOurs = [LABEL.home, LABEL.instance].every(
        (label) => holder.Config.Labels[label] === options.Labels?.[label],
      );
      if (!isOurs) return null;
      await this.parts.containers.discard(holder.Id);
      return docker.createContainer(options);
    }
  }

  private async run(spec: DynoSpec, container: Docker.Container): Promise<void> {
    const { attacher } = this.parts;
    const attached = spec.stdio === 'attached';
    if (attached) await attacher.prepare(spec.instance, container.id, spec.terminal);
    await container.start();
    if (attached) await attacher.started(spec.instance);
  }

  /** Where dockerd went away nothing can be undone, and it may even run: the next start of this instance finds it. */
  private async undo(instance: string, id: string, error: unknown): Promise<void> {
    this.parts.attacher.forget(instance);
    if (!(error instanceof EngineUnreachable)) await this.parts.containers.discard(id);
  }

  private async handleOf(instance: string, id: string): Promise<DynoHandle> {
    const { containers } = this.parts;
    const container = await containers.find(instance);
    if (container) return containers.handleOf(container);
    // Removed by someone else within this moment: to be seen as gone in the next listing.
    return { engine: 'docker', version: 1, instance, address: null, data: { container: id } };
  }
}

/** The name is taken, and by nothing that can be seen: dockerd takes it first, and shows the container when it is made. */
const stillMaking = (cause: unknown): EngineUnreachable =>
  new EngineUnreachable('Docker is still making this dyno’s container, from an earlier try.', {
    hint: 'Restart Docker if that lasts.',
    cause,
  });
