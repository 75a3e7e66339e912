import type Docker from 'dockerode';
import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/logger.js';
import { SerialQueue } from '../../../shared/serial-queue.js';
import type {
  ProgramResult,
  ServiceHost,
  ServiceImage,
  ServiceProgram,
  ServiceSpec,
  ServiceState,
  StreamedProgram,
} from '../../service-host.js';
import { answerOf, statusOf, unless } from '../answers.js';
import { Demux } from '../attach/demux.js';
import type { DockerClient } from '../client.js';
import { publishAddress } from '../dynos/containers.js';
import { LABEL, type Names } from '../names.js';
import { hostIn, type Subnet } from './bridge.js';
import { archiveOf } from './files.js';
import { describeImage, pullImage } from './images.js';
import { notStarted } from './not-started.js';
import { runInside } from './programs.js';
import { containerOptions, fingerprint, PORT_LABEL, SPEC_LABEL } from './service-container.js';
import { ServiceNetworks, type NetworksOfApps } from './service-networks.js';
import { streamInside } from './streamed.js';

export interface DockerServicesParts {
  readonly client: DockerClient;
  readonly names: Names;
  readonly networks: NetworksOfApps;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REPLACE_GRACE_MS = 60_000;
const LINES = 20;

/** Services as containers of this home's Docker engine. */
export class DockerServices implements ServiceHost {
  private readonly networks: ServiceNetworks;
  /** Nobody removes the services' network while another is about to join it. */
  private readonly turns = new SerialQueue();

  constructor(private readonly parts: DockerServicesParts) {
    this.networks = new ServiceNetworks(parts.names, parts.networks);
  }

  async image(reference: string): Promise<ServiceImage | null> {
    return describeImage(await this.docker(), reference);
  }

  async pull(reference: string, progress: (text: string) => void, signal: AbortSignal): Promise<void> {
    await pullImage(await this.docker(), reference, { clock: this.parts.clock, progress, signal });
  }

  async ensure(spec: ServiceSpec): Promise<void> {
    const docker = await this.docker();
    const found = await this.find(docker, spec.id);
    if (found && isUp(found) && found.Config.Labels[SPEC_LABEL] === fingerprint(spec)) {
      await this.networks.settle(docker, docker.getContainer(found.Id), spec);
      return;
    }
    await this.ensureVolume(docker, spec);
    if (found) await this.takeAway(docker, found, spec);
    await this.turns.run('network', () => this.start(docker, spec));
  }

  async state(id: string): Promise<ServiceState | null> {
    const found = await this.find(await this.docker(), id);
    return found && { running: isUp(found), restarts: found.RestartCount };
  }

  async hasData(id: string): Promise<boolean> {
    return (await this.volume(await this.docker(), id)) === 'ours';
  }

  async hostPorts(): Promise<ReadonlySet<number>> {
    const docker = await this.docker();
    const filters = { label: this.parts.names.filter('service') };
    const containers = await docker.listContainers({ all: true, filters });
    return new Set(containers.map(({ Labels }) => Number(Labels[PORT_LABEL])));
  }

  async run(id: string, program: ServiceProgram): Promise<ProgramResult> {
    const docker = await this.docker();
    const found = await this.find(docker, id);
    if (!found) throw new TfkError('gone', `The container of ${id} is not there.`);
    return runInside(docker, docker.getContainer(found.Id), program);
  }

  async stream(id: string, program: StreamedProgram): Promise<ProgramResult> {
    const docker = await this.docker();
    const found = await this.find(docker, id);
    if (!found) throw new TfkError('gone', `The container of ${id} is not there.`);
    return streamInside(docker.getContainer(found.Id), program);
  }

  async lastLines(id: string): Promise<readonly string[]> {
    const docker = await this.docker();
    const found = await this.find(docker, id);
    if (!found) return [];
    const printed = await docker.getContainer(found.Id).logs({ stdout: true, stderr: true, tail: LINES });
    const text = Buffer.concat(new Demux().take(printed).map(({ data }) => data)).toString('utf8');
    return text.trimEnd().split('\n').slice(-LINES);
  }

  async stop(id: string, graceMs: number): Promise<void> {
    const docker = await this.docker();
    const found = await this.find(docker, id);
    if (found) await stopped(docker.getContainer(found.Id), graceMs);
  }

  async remove(id: string): Promise<void> {
    const docker = await this.docker();
    const found = await this.find(docker, id);
    if (found) await unless([404], docker.getContainer(found.Id).remove({ force: true, v: true }));
    if ((await this.volume(docker, id)) === 'ours') await this.removeVolume(docker, id);
    await this.turns.run('network', () => this.networks.removeUnused(docker));
  }

  async isHere(): Promise<boolean> {
    return publishAddress(await this.parts.client.host()) !== '';
  }

  async hostAddress(): Promise<string | null> {
    const { local } = await this.parts.client.host();
    if (!local) return null;
    const bridge = await unless([404], (await this.docker()).getNetwork('bridge').inspect());
    return hostIn((bridge as { IPAM?: { Config?: Subnet[] | null } } | null)?.IPAM?.Config ?? []);
  }

  private docker(): Promise<Docker> {
    return this.parts.client.api();
  }

  private async start(docker: Docker, spec: ServiceSpec): Promise<void> {
    const { names } = this.parts;
    const name = names.service(spec.id);
    let container: Docker.Container | undefined;
    try {
      const network = await this.networks.own(docker);
      container = await docker.createContainer(containerOptions(names, spec, network));
      await this.networks.settle(docker, container, spec);
      await container.putArchive(await archiveOf(spec.files), { path: '/' });
      await container.start();
    } catch (error) {
      await container?.remove({ force: true, v: true }).catch(() => undefined);
      throw notStarted(name, error);
    }
  }

  /** Of a server that still runs, all its data is on its volume when this resolves. */
  private async takeAway(
    docker: Docker,
    found: Docker.ContainerInspectInfo,
    { id }: ServiceSpec,
  ): Promise<void> {
    const container = docker.getContainer(found.Id);
    if (found.State.Running) {
      this.parts.logger.info(
        { service: id },
        'a service is made anew, for its container is not as it should be',
      );
      await stopped(container, REPLACE_GRACE_MS);
    }
    await unless([404], container.remove({ force: true, v: true }));
  }

  private async ensureVolume(docker: Docker, { id }: ServiceSpec): Promise<void> {
    const { names } = this.parts;
    const name = names.service(id);
    const found = await this.volume(docker, id);
    if (found === 'foreign') throw foreign('volume', name);
    if (found === 'ours') return;
    await docker.createVolume({ Name: name, Labels: names.labels('service', { [LABEL.service]: id }) });
  }

  private async removeVolume(docker: Docker, id: string): Promise<void> {
    const name = this.parts.names.service(id);
    try {
      await unless([404], docker.getVolume(name).remove());
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
      throw new TfkError('conflict', `The volume ${name} is in use: ${answerOf(error)}`, {
        hint: `Find who uses it with docker ps --all --filter volume=${name}, remove that container and try again.`,
      });
    }
  }

  /** Rejects with `conflict` where a container of that name is not ours. */
  private async find(docker: Docker, id: string): Promise<Docker.ContainerInspectInfo | null> {
    const { names } = this.parts;
    const found = await unless([404], docker.getContainer(names.service(id)).inspect());
    if (found && !this.isOurs(found.Config.Labels)) throw foreign('container', names.service(id));
    return found;
  }

  private async volume(docker: Docker, id: string): Promise<'ours' | 'foreign' | null> {
    const found = await unless([404], docker.getVolume(this.parts.names.service(id)).inspect());
    return found && (this.isOurs(found.Labels) ? 'ours' : 'foreign');
  }

  private isOurs(labels: Readonly<Record<string, string>> | null): boolean {
    return labels?.[LABEL.home] === this.parts.names.home && labels[LABEL.kind] === 'service';
  }
}

const isUp = ({ State: { Running, Restarting, Paused } }: Docker.ContainerInspectInfo): boolean =>
  Running && !Restarting && !Paused;

async function stopped(container: Docker.Container, graceMs: number): Promise<void> {
  // 304: it had stopped already.
  await unless([304, 404], container.stop({ t: Math.ceil(graceMs / 1000) }));
}

function foreign(kind: 'container' | 'volume', name: string): TfkError {
  const remove = kind === 'container' ? `docker rm ${name}` : `docker volume rm ${name}`;
  return new TfkError(
    'conflict',
    `There is a Docker ${kind} ${name} that is not tfk’s. Nothing was touched.`,
    { hint: `Look at it with docker inspect ${name}. When nobody needs it, remove it: ${remove}` },
  );
}
