import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import type {
  AddonData,
  AddonInstance,
  AddonService,
  NetworkAddress,
  ProvisionedAddon,
  ProvisionRequest,
} from '../addon.js';
import { ContainerHost } from './container-host.js';
import { credentialsOf, databaseUrl } from './credentials.js';
import { databaseFacts, sizeText } from './facts.js';
import type { DatabaseHost } from './host.js';
import type { Owner } from './owner.js';
import { PostgresPlace } from './place.js';
import { POSTGRES_PLANS } from './plans.js';
import { ProcessHost, type ProcessHostOptions } from './process-host.js';

/** Other names by which `addons:create` takes it: Heroku's, and the one people type. */
export const POSTGRES_ALIASES = ['heroku-postgresql', 'postgresql'] as const;

export interface PostgresAddonOptions extends ProcessHostOptions {
  /** `$TFK_HOME/addons` */
  readonly addonsDir: string;
  /** Whom the server runs as when tfkd is root; else the account `postgres`, else `nobody`. */
  readonly owner?: Owner;
  /** Used when tfkd is root and its home is closed to the server's account; default `/var/lib/tfk`. */
  readonly systemDir?: string;
  /** Where servers in containers run; none: this tfkd has no Docker. */
  readonly containers?: ServiceHost;
  /** TFK_ADDON_POSTGRES_IMAGE; null: an image of postgres that is here, else the newest that tfk knows. */
  readonly postgresImage?: string | null;
}

const urlKey = (attachment: string): string => `${attachment}_URL`;

/**
 * One PostgreSQL server of its own per add-on, on a port that it keeps for life: a process for apps of the process engine, a
 * container for those of the Docker engine. It stays what it was made as, wherever its apps move.
 */
export class PostgresAddon implements AddonService {
  readonly name = 'postgres';
  readonly humanName = 'PostgreSQL';
  readonly herokuName = 'heroku-postgresql';
  readonly defaultAttachment = 'DATABASE';
  readonly plans = POSTGRES_PLANS;

  private readonly process: ProcessHost;
  private readonly container: ContainerHost | undefined;

  constructor(options: PostgresAddonOptions) {
    const { addonsDir, systemDir = '/var/lib/tfk', owner, containers, clock } = options;
    const place = new PostgresPlace({ addonsDir, systemDir, owner });
    const portsInUse = async () => {
      // Docker that does not answer keeps no ports.
      const others = (await containers?.hostPorts().catch(() => undefined)) ?? [];
      return new Set([...(await place.portsInUse()), ...others]);
    };
    this.process = new ProcessHost(options, place, portsInUse);
    if (containers) {
      const image = options.postgresImage ?? null;
      this.container = new ContainerHost({ services: containers, image, clock, portsInUse });
    }
  }

  async provision(request: ProvisionRequest): Promise<ProvisionedAddon> {
    const host = request.engine === 'docker' ? this.inContainer(request.name) : this.process;
    try {
      return { data: await host.provision(request) };
    } catch (error) {
      if (!request.signal.aborted) throw error;
      throw new TfkError('unavailable', `Making ${request.name} was cancelled. Nothing is left of it.`);
    }
  }

  async ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void> {
    await this.hostOf(addon).ensureRunning(addon, signal);
  }

  async open(addon: AddonInstance, engine: EngineName): Promise<AddonData> {
    return this.hostOf(addon).open(addon, engine);
  }

  configVars(addon: AddonInstance, attachment: string, engine: EngineName): Readonly<Record<string, string>> {
    const address = this.hostOf(addon).addressFor(addon, engine);
    return { [urlKey(attachment)]: databaseUrl(credentialsOf(addon), address) };
  }

  configKeys(attachment: string): readonly string[] {
    return [urlKey(attachment)];
  }

  localAddress(addon: AddonInstance): NetworkAddress {
    return this.hostOf(addon).addressFor(addon, 'process');
  }

  async describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]> {
    const credentials = credentialsOf(addon);
    const port = ['Port', `${credentials.port} on localhost`] as const;
    const plan = ['Plan', addon.plan] as const;
    const facts = await databaseFacts(credentials).catch(() => undefined);
    if (!facts) return [plan, ['Status', await this.hostOf(addon).status(addon)], port];
    return [
      plan,
      ['Status', 'Available'],
      ['Connections', `${facts.connections}/${facts.maxConnections}`],
      ['PG Version', facts.version],
      ['Data Size', sizeText(facts.bytes)],
      ['Tables', String(facts.tables)],
      port,
    ];
  }

  async stop(addon: AddonInstance): Promise<void> {
    await this.hostOf(addon).stop(addon);
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.hostOf(addon).deprovision(addon);
  }

  /** What was never finished says nothing of itself: it is where its app's engine has it made. */
  private hostOf({ name, data, engine }: AddonInstance): DatabaseHost {
    const unfinished = Object.keys(data).length === 0;
    const inContainer = unfinished ? engine === 'docker' : data['host'] === 'docker';
    return inContainer ? this.inContainer(name) : this.process;
  }

  private inContainer(name: string): ContainerHost {
    if (this.container) return this.container;
    throw new TfkError('unavailable', `${name} belongs in a container, and this tfk has no Docker engine.`, {
      hint: 'Type tfk doctor, which says why.',
    });
  }
}
