import type Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import { answerOf, statusOf, unless } from './answers.js';
import type { DockerClient } from './client.js';
import { LABEL, type Names } from './names.js';

/** How long a network that was asked for is kept, whoever has moved in by then. */
const IN_USE_SOON_MS = 10 * 60_000;

/**
 * One bridge network an app: its dynos and the services they use reach each other there, and nobody else. Networks are found by
 * our labels and meant by their ids, since Docker allows one name twice.
 */
export class AppNetworks {
  private readonly ensuring = new Map<string, Promise<string>>();
  private readonly askedAt = new Map<string, number>();

  constructor(
    private readonly parts: { readonly client: DockerClient; readonly names: Names; readonly clock: Clock },
  ) {}

  /** The id of the app's network, which is made when there is none; once, however many ask at a time. */
  ensure(appId: string): Promise<string> {
    this.askedAt.set(appId, this.parts.clock.now());
    const running = this.ensuring.get(appId);
    if (running) return running;
    const ensured = this.findOrCreate(appId).finally(() => this.ensuring.delete(appId));
    this.ensuring.set(appId, ensured);
    return ensured;
  }

  /** Removes the network of an app that is gone; one that a container still runs in stays for the collection. */
  async remove(appId: string): Promise<void> {
    this.askedAt.delete(appId);
    const docker = await this.parts.client.api();
    for (const { Id } of await this.networksOf(docker, appId)) {
      await unless([403, 404], docker.getNetwork(Id).remove());
    }
  }

  /** Removes the networks that no container is in, running or not. Resolves to how many. */
  async removeUnused(): Promise<number> {
    const docker = await this.parts.client.api();
    const used = await this.namesInUse(docker);
    let removed = 0;
    for (const { Id, Name, Labels } of await this.ours(docker, [])) {
      if (used.has(Id) || used.has(Name) || this.isInUseSoon(Labels?.[LABEL.app] ?? '')) continue;
      // 403: someone moved in since.
      if ((await unless([403, 404], docker.getNetwork(Id).remove())) !== null) removed += 1;
    }
    return removed;
  }

  private isInUseSoon(appId: string): boolean {
    const askedAt = this.askedAt.get(appId);
    if (askedAt === undefined) return false;
    if (this.parts.clock.now() - askedAt < IN_USE_SOON_MS) return true;
    this.askedAt.delete(appId);
    return false;
  }

  private async findOrCreate(appId: string): Promise<string> {
    const docker = await this.parts.client.api();
    const found = await this.oldest(docker, appId);
    if (found !== null) return found;
    const name = this.parts.names.network(appId);
    const created = await this.create(docker, appId, name);
    if (created !== null) return created;
    // The name is taken: by ours, made meanwhile by another tfkd of this home, or by a stranger's, which is not touched.
    const other = (await this.oldest(docker, appId)) ?? (await this.create(docker, appId, unlike(name)));
    if (other !== null) return other;
    throw new TfkError('conflict', `No network can be made for this app: ${name} is taken.`, {
      hint: `Remove or rename it with \`docker network rm ${name}\`.`,
    });
  }

  /**
   * A second one comes of a making that was given up as unanswered, and went on. Dockerd starts nothing in either of two with one
   * name, so it goes; nothing runs in it yet.
   */
  private async oldest(docker: Docker, appId: string): Promise<string | null> {
    const networks = await this.networksOf(docker, appId);
    const key = ({ Created, Id }: Docker.NetworkInspectInfo) => `${Created} ${Id}`;
    const [oldest, ...twins] = networks.sort((one, other) => (key(one) < key(other) ? -1 : 1));
    for (const { Id } of twins) await unless([403, 404], docker.getNetwork(Id).remove());
    return oldest?.Id ?? null;
  }

  /** Null: the name is taken. */
  private async create(docker: Docker, appId: string, name: string): Promise<string | null> {
    const options = {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: this.parts.names.labels('network', { [LABEL.app]: appId }),
    };
    try {
      return (await docker.createNetwork(options)).id;
    } catch (error) {
      if (statusOf(error) === 409) return null;
      if (/address pool|fully subnetted/.test(answerOf(error))) throw outOfAddresses();
      throw error;
    }
  }

  private networksOf(docker: Docker, appId: string): Promise<Docker.NetworkInspectInfo[]> {
    return this.ours(docker, [`${LABEL.app}=${appId}`]);
  }

  private ours(docker: Docker, labels: readonly string[]): Promise<Docker.NetworkInspectInfo[]> {
    return docker.listNetworks({ filters: { label: [...this.parts.names.filter('network'), ...labels] } });
  }

  /** Ids and names: a container that never ran knows its network only by what it was told. */
  private async namesInUse(docker: Docker): Promise<Set<string>> {
    const filters = { label: [`${LABEL.home}=${this.parts.names.home}`] };
    const containers = await docker.listContainers({ all: true, filters });
    return new Set(
      containers.flatMap(({ HostConfig, NetworkSettings: { Networks: networks } }) => [
        HostConfig.NetworkMode,
        ...Object.keys(networks),
        ...Object.values(networks).map(({ NetworkID }) => NetworkID),
      ]),
    );
  }
}

const unlike = (name: string): string => `${name}-${randomBytes(3).toString('hex')}`;

function outOfAddresses(): TfkError {
  return new TfkError('insufficient_storage', 'Docker has no addresses left for another app’s network.', {
    hint: 'Remove networks that nothing uses with `docker network prune`, or give Docker more: `default-address-pools` in /etc/docker/daemon.json.',
  });
}
