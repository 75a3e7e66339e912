import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonBackups, AddonInstance, CredentialRotation } from '../addon.js';
import { ContainerHost } from '../servers/container-host.js';
import { availability } from '../servers/free-space.js';
import type { ServerHost } from '../servers/host.js';
import type { Owner } from '../servers/owner.js';
import { ServerPlace } from '../servers/place.js';
import { portsInUse } from '../servers/ports-in-use.js';
import { ProcessHost } from '../servers/process-host.js';
import { noDocker, ServerAddon } from '../servers/server-addon.js';
import { sizeText } from '../servers/size-text.js';
import { keeperOf } from './backups/keeper.js';
import { PostgresBackups } from './backups/postgres-backups.js';
import { ContainerTools, ProcessTools, type DumpTools } from './backups/tools.js';
import { toolsFor } from './backups/which-tools.js';
import { PostgresContainer } from './container-kind.js';
import { credentialsOf, databaseUrl } from './credentials.js';
import { databaseFacts } from './facts.js';
import { majorOf } from './manifest.js';
import { POSTGRES_PLANS } from './plans.js';
import { PostgresProcess, type PostgresProcessOptions } from './process-kind.js';
import { namesOf, sparesOf } from './roles.js';
import { cutOff, otherCredentials } from './rotation.js';

/** Other names by which `addons:create` takes it: Heroku's, and the one people type. */
export const POSTGRES_ALIASES = ['heroku-postgresql', 'postgresql'] as const;

export interface PostgresAddonOptions extends PostgresProcessOptions {
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

const PRODUCT = { service: 'postgres', name: 'PostgreSQL', accounts: ['postgres', '_postgres'] };

const urlKey = (attachment: string): string => `${attachment}_URL`;

export class PostgresAddon extends ServerAddon {
  readonly name = PRODUCT.service;
  readonly humanName = PRODUCT.name;
  readonly herokuName = 'heroku-postgresql';
  readonly defaultAttachment = 'DATABASE';
  readonly plans = POSTGRES_PLANS;
  readonly rotation: CredentialRotation = {
    begin: async (addon) => otherCredentials(await this.withAllRoles(addon)),
    end: async (addon, former) => {
      await cutOff(addon, credentialsOf({ ...addon, data: former }));
      return addon.data;
    },
  };

  readonly backups: AddonBackups = new PostgresBackups({
    prepare: async (addon) => (await this.withAllRoles(addon)).data,
    toolsFor: (addon) => this.dumpTools(addon),
  });

  private readonly process: ServerHost;
  private readonly container: ServerHost | undefined;

  constructor(private readonly options: PostgresAddonOptions) {
    super();
    const { addonsDir, systemDir = '/var/lib/tfk', owner, containers, clock } = options;
    const place = new ServerPlace({ addonsDir, systemDir, owner }, PRODUCT);
    const taken = portsInUse([addonsDir, systemDir], containers);
    const parts = { place, portsInUse: taken, ...(containers ? { containers } : {}) };
    this.process = new ProcessHost(new PostgresProcess(place, options), parts);
    if (containers)
      this.container = new ContainerHost(new PostgresContainer(containers, options.postgresImage ?? null), {
        services: containers,
        clock,
        portsInUse: taken,
      });
  }

  configVars(addon: AddonInstance, attachment: string, engine: EngineName): Readonly<Record<string, string>> {
    const address = this.hostOf(addon).addressFor(addon, engine);
    return { [urlKey(attachment)]: databaseUrl(credentialsOf(addon), address) };
  }

  configKeys(attachment: string): readonly string[] {
    return [urlKey(attachment)];
  }

  async describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]> {
    const credentials = credentialsOf(addon);
    const port = ['Port', `${credentials.port} on localhost`] as const;
    const plan = ['Plan', addon.plan] as const;
    const facts = await databaseFacts(credentials).catch(() => undefined);
    if (!facts) return [plan, ['Status', await this.hostOf(addon).status(addon)], port];
    return [
      plan,
      ['Status', availability(await this.hostOf(addon).freeBytes(addon))],
      ['Connections', `${facts.connections}/${facts.maxConnections}`],
      ['PG Version', facts.version],
      ['Data Size', sizeText(facts.bytes)],
      ['Tables', String(facts.tables)],
      port,
    ];
  }

  /** One that an earlier tfk made lacks some; once it has them, what it is answered is kept. */
  private async withAllRoles(addon: AddonInstance): Promise<AddonInstance> {
    if (sparesOf(addon.data)) return addon;
    const whole = { ...credentialsOf(addon), spare: newSecret(), keeper: newSecret() };
    await this.hostOf(addon).takeUp(addon, whole);
    return { ...addon, data: { ...addon.data, ...whole } };
  }

  private async dumpTools(addon: AddonInstance): Promise<DumpTools> {
    const { containers, systemBin, buildEnv } = this.options;
    const { keeper, database } = namesOf(addon.id);
    if (addon.data['host'] === 'docker' && containers)
      return new ContainerTools(containers, addon.id, keeper);
    const { version } = await databaseFacts(credentialsOf(addon));
    const wish = { major: majorOf(version), first: systemBin === undefined ? [] : [systemBin] };
    const bin = await toolsFor({ ...wish, path: buildEnv['PATH'] ?? '' });
    return new ProcessTools(bin, keeperOf(addon, database));
  }

  protected hostFor(name: string, where: 'docker' | 'process'): ServerHost {
    if (where === 'process') return this.process;
    if (this.container) return this.container;
    throw noDocker(name);
  }
}
