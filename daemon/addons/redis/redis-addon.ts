import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import type { AddonInstance, CredentialRotation } from '../addon.js';
import { ContainerHost } from '../servers/container-host.js';
import type { ServerHost } from '../servers/host.js';
import type { Owner } from '../servers/owner.js';
import { ServerPlace } from '../servers/place.js';
import { portsInUse } from '../servers/ports-in-use.js';
import { ProcessHost } from '../servers/process-host.js';
import { noDocker, ServerAddon } from '../servers/server-addon.js';
import { sizeText } from '../servers/size-text.js';
import { RedisContainer } from './container-kind.js';
import { credentialsOf, redisUrl } from './credentials.js';
import { redisFacts } from './facts.js';
import { REDIS_PLANS } from './plans.js';
import { RedisProcess, type RedisProcessOptions } from './process-kind.js';
import { redisRotation } from './rotation.js';

/** Other names by which `addons:create` takes it: Heroku's, old and new. */
export const REDIS_ALIASES = ['heroku-redis', 'valkey', 'heroku-key-value-store'] as const;

export interface RedisAddonOptions extends RedisProcessOptions {
  /** `$TFK_HOME/addons` */
  readonly addonsDir: string;
  /** Used when tfkd is root and its home is closed to the server's account. */
  readonly systemDir: string;
  /** Whom the server runs as when tfkd is root; else the account `redis`, else `nobody`. */
  readonly owner?: Owner;
  /** Where servers in containers run; none: this tfkd has no Docker. */
  readonly containers?: ServiceHost;
  /** TFK_ADDON_REDIS_IMAGE */
  readonly redisImage: string | null;
}

const PRODUCT = { service: 'redis', name: 'Redis', accounts: ['redis', 'valkey', '_redis'] };

const urlKey = (attachment: string): string => `${attachment}_URL`;

/** Its data is a store's: kept on disk, and never thrown away to make room. */
export class RedisAddon extends ServerAddon {
  readonly name = PRODUCT.service;
  readonly humanName = PRODUCT.name;
  readonly herokuName = 'heroku-redis';
  readonly defaultAttachment = 'REDIS';
  readonly plans = REDIS_PLANS;

  readonly rotation: CredentialRotation;

  private readonly process: ServerHost;
  private readonly container: ServerHost | undefined;

  constructor(options: RedisAddonOptions) {
    super();
    const { addonsDir, systemDir, owner, containers, clock } = options;
    const place = new ServerPlace({ addonsDir, systemDir, owner }, PRODUCT);
    const taken = portsInUse([addonsDir, systemDir], containers);
    const parts = { place, portsInUse: taken, ...(containers ? { containers } : {}) };
    const process = new RedisProcess(place, options);
    let container: RedisContainer | undefined;
    this.process = new ProcessHost(process, parts);
    if (containers) {
      container = new RedisContainer(containers, options.redisImage);
      this.container = new ContainerHost(container, { services: containers, clock, portsInUse: taken });
    }
    this.rotation = redisRotation({
      clock,
      keep: async (addon) => (addon.data['host'] === 'docker' ? container : process)?.keep(addon),
    });
  }

  configVars(addon: AddonInstance, attachment: string, engine: EngineName): Readonly<Record<string, string>> {
    const address = this.hostOf(addon).addressFor(addon, engine);
    return { [urlKey(attachment)]: redisUrl(credentialsOf(addon), address) };
  }

  /** Not REDIS_TLS_URL: on one machine there is nobody in between. */
  configKeys(attachment: string): readonly string[] {
    return [urlKey(attachment)];
  }

  async describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]> {
    const credentials = credentialsOf(addon);
    const port = ['Port', `${credentials.port} on localhost`] as const;
    const plan = ['Plan', addon.plan] as const;
    const facts = await redisFacts(credentials).catch(() => undefined);
    if (!facts) return [plan, ['Status', await this.hostOf(addon).status(addon)], port];
    return [
      plan,
      ['Status', facts.status],
      ['Version', facts.version],
      ['Memory', `${sizeText(facts.usedBytes)} of ${sizeText(facts.maxBytes)}`],
      ['Maxmemory', 'noeviction'],
      ['Persistence', 'AOF, written to disk every second'],
      ['Keys', String(facts.keys)],
      ['Connections', String(facts.connections)],
      port,
    ];
  }

  protected hostFor(name: string, where: 'docker' | 'process'): ServerHost {
    if (where === 'process') return this.process;
    if (this.container) return this.container;
    throw noDocker(name);
  }
}
