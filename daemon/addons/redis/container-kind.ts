import type { ServiceHost, ServiceSpec } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonData, AddonInstance } from '../addon.js';
import type { ContainerKind, FetchRequest, ServerPlan } from '../servers/container-host.js';
import { fetchedImage } from '../servers/fetched-image.js';
import type { Answer } from '../servers/host.js';
import { credentialsOf, newCredentials, type Credentials } from './credentials.js';
import { answerOf } from './login.js';
import { maxMemoryOf } from './plans.js';
import { reasonIn } from './reason.js';
import { KEPT, sha256, userLines, type Secrets } from './settings.js';

const SETTING = 'TFK_ADDON_REDIS_IMAGE';
const DEFAULT_IMAGE = 'redis:7';
/** Where the official images keep their data. */
const DATA_PATH = '/data';
const CONF = '/etc/tfk/redis.conf';
/** Copies of pages while the append-only file is written anew, buffers of clients, and the server itself. */
const OVERHEAD_BYTES = 128 * 1024 ** 2;

/** An image of Redis or Valkey, like the official ones. */
export type RedisImage = AddonData & { readonly image: string; readonly program: string };

export class RedisContainer implements ContainerKind<Credentials, RedisImage> {
  readonly product = 'Redis';
  readonly port = 6379;
  readonly otherWay =
    'Give the app a Redis from elsewhere, tfk config:set REDIS_URL=redis://…, or run tfk on that machine.';

  constructor(
    private readonly services: ServiceHost,
    /** TFK_ADDON_REDIS_IMAGE */
    private readonly setting: string | null,
  ) {}

  newCredentials(): Omit<Credentials, 'port'> {
    return newCredentials();
  }

  credentialsOf(addon: AddonInstance): Credentials {
    return credentialsOf(addon);
  }

  async imageForNew(request: FetchRequest): Promise<RedisImage> {
    const image = this.setting ?? DEFAULT_IMAGE;
    return {
      image,
      program: programIn(await fetchedImage(this.services, { image, setting: SETTING }, request)),
    };
  }

  /** A newer server reads older data; an older one says that it does not, and touches nothing. */
  async imageForData({ data }: AddonInstance): Promise<RedisImage> {
    const made = { image: String(data['image']), program: String(data['program']) };
    if (this.setting === null || this.setting === made.image) return made;
    const here = await this.services.image(this.setting);
    return here ? { image: this.setting, program: programIn(here) } : made;
  }

  async assertHere(_name: string, { image }: RedisImage, request: FetchRequest): Promise<void> {
    await fetchedImage(this.services, { image, setting: SETTING }, request);
  }

  spec(server: ServerPlan, { image, program }: RedisImage, credentials: Credentials): ServiceSpec {
    const maxMemory = maxMemoryOf(server.plan);
    return {
      id: server.id,
      image,
      command: [program, CONF, '--maxmemory', String(maxMemory)],
      // Made again under its id it has other secrets, and so is another container; of the secrets it tells nothing.
      env: { TFK_KEEPER: sha256(sha256(credentials.keeper)).slice(0, 16) },
      files: { [CONF]: containerConf(credentials) },
      dataPath: DATA_PATH,
      port: this.port,
      hostPort: credentials.port,
      alias: server.hostName,
      apps: server.apps,
      memoryBytes: 2 * maxMemory + OVERHEAD_BYTES,
    };
  }

  answerOf(_id: string, credentials: Credentials): Promise<Answer> {
    return answerOf(credentials);
  }

  /** So that its next start has the credentials which the running server has been told. */
  async keep(addon: AddonInstance): Promise<void> {
    const command = ['sh', '-c', `cat >${CONF}`];
    const { exitCode, output } = await this.services.run(addon.id, {
      command,
      input: containerConf(credentialsOf(addon)),
    });
    if (exitCode !== 0)
      throw new TfkError(
        'unavailable',
        `Redis of ${addon.name} did not take its credentials: ${output.trim()}`,
      );
  }

  /** It was up with its password from the beginning. */
  async setUp(): Promise<void> {
    return undefined;
  }

  reasonIn(log: string): string {
    return reasonIn(log);
  }
}

/** Inside its container, where nobody else is; who reaches it is a matter of networks. */
function containerConf(secrets: Secrets): string {
  const kept = KEPT.map(([name, value]) => `${name} "${value}"\n`).join('');
  return `bind * -::*\ndir ${DATA_PATH}\n${kept}${userLines(secrets)}`;
}

/** The entrypoint of Valkey's image knows its server by its own name only. */
const programIn = ({ env }: { readonly env: Readonly<Record<string, string>> }): string =>
  Object.keys(env).some((name) => name.startsWith('VALKEY_')) ? 'valkey-server' : 'redis-server';
