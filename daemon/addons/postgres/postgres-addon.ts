import { rm, stat } from 'node:fs/promises';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import { TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { Logger } from '../../shared/logger.js';
import type { AddonInstance, AddonPlan, AddonService, ProvisionedAddon, ProvisionRequest } from '../addon.js';
import type { Binaries } from './binaries.js';
import { changePassword, createCluster, majorOfData, removeUnfinished } from './cluster.js';
import { credentialsOf, databaseUrl, namesOf, type Credentials } from './credentials.js';
import { databaseFacts, sizeText } from './facts.js';
import { answerOf } from './login.js';
import type { Owner } from './owner.js';
import { PostgresPlace, type ServerFolder } from './place.js';
import { freePort, isFree, loopbackAddresses } from './ports.js';
import { PostgresServer, type StartRequest } from './server.js';
import { Turns } from './turns.js';
import { WhichBinaries, type BinariesOptions } from './which-binaries.js';

/** Other names by which `addons:create` takes it: Heroku's, and the one people type. */
export const POSTGRES_ALIASES = ['heroku-postgresql', 'postgresql'] as const;

export interface PostgresAddonOptions extends BinariesOptions {
  /** `$TFK_HOME/addons` */
  readonly addonsDir: string;
  readonly logger: Logger;
  /** Whom the server runs as when tfkd is root; else the account `postgres`, else `nobody`. */
  readonly owner?: Owner;
  /** Used when tfkd is root and its home is closed to the server's account; default `/var/lib/tfk`. */
  readonly systemDir?: string;
}

/** One PostgreSQL server of its own per add-on, from npm's binaries, on a loopback port that it keeps for life. */
export class PostgresAddon implements AddonService {
  readonly name = 'postgres';
  readonly humanName = 'PostgreSQL';
  readonly defaultAttachment = 'DATABASE';
  readonly plans: readonly AddonPlan[] = [
    { name: 'postgres:local', description: 'A PostgreSQL server on this machine', isDefault: true },
  ];

  private readonly place: PostgresPlace;
  private readonly turns = new Turns();
  private readonly which: WhichBinaries;

  constructor(private readonly options: PostgresAddonOptions) {
    const { addonsDir, systemDir = '/var/lib/tfk', owner } = options;
    this.place = new PostgresPlace({ addonsDir, systemDir, owner });
    this.which = new WhichBinaries(this.place, options);
  }

  async provision(request: ProvisionRequest): Promise<ProvisionedAddon> {
    try {
      const binaries = await this.which.forNew(request);
      return await this.turns.take(request.id, () => this.makeOrRemove(request, binaries));
    } catch (error) {
      if (!request.signal.aborted) throw error;
      throw new TfkError('unavailable', `Making ${request.name} was cancelled. Nothing is left of it.`);
    }
  }

  async ensureRunning(addon: AddonInstance): Promise<void> {
    const credentials = credentialsOf(addon);
    await this.turns.take(addon.id, async () => {
      const folder = await this.place.folderOf(addon.id);
      const server = this.serverIn(folder);
      const request = { name: addon.name, credentials, owner: await this.place.owner() };
      if ((await server.pid()) === undefined) {
        const binaries = await this.which.forData(folder.data, addon.name);
        await server.start({ ...request, binaries });
      } else if ((await answerOf(credentials)) !== 'ready') {
        await server.waitUntilReady(request, await loopbackAddresses());
      }
      await server.trimLog();
    });
  }

  configVars(addon: AddonInstance, attachment: string): Readonly<Record<string, string>> {
    return { [`${attachment}_URL`]: databaseUrl(credentialsOf(addon)) };
  }

  async describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]> {
    const credentials = credentialsOf(addon);
    const port = ['Port', `${credentials.port} on localhost`] as const;
    const plan = ['Plan', addon.plan] as const;
    const facts = await databaseFacts(credentials).catch(() => undefined);
    if (!facts) return [plan, ['Status', await this.statusWithoutFacts(addon.id, credentials)], port];
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
    await this.turns.take(addon.id, async () => {
      await this.serverIn(await this.place.folderOf(addon.id)).stop('fast');
    });
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, async () => this.remove(await this.place.folderOf(addon.id)));
  }

  private async makeOrRemove(request: ProvisionRequest, binaries: Binaries): Promise<ProvisionedAddon> {
    const folder = await this.place.folderOf(request.id);
    try {
      return { data: { ...(await this.makeAndStart(request, folder, binaries)) } };
    } catch (error) {
      // Once it was provisioned, somebody's rows may be in it.
      if (!(await isThere(folder.provisioned))) await this.remove(folder);
      throw error;
    }
  }

  private async makeAndStart(
    request: ProvisionRequest,
    folder: ServerFolder,
    binaries: Binaries,
  ): Promise<Credentials> {
    const owner = await this.place.owner();
    const wanted = { ...namesOf(request.id), password: newSecret() };
    const tools = { binaries, owner, signal: request.signal };
    const server = this.serverIn(folder);
    request.signal.throwIfAborted();
    request.progress('Creating the database');
    if ((await majorOfData(folder.data)) === undefined) {
      await removeUnfinished(folder);
      await this.place.make(folder);
      await this.place.makeOwned(folder.unfinished);
      await createCluster(folder, wanted, tools);
    } else {
      // An earlier try came this far, and its answer, with the password in it, was lost.
      await server.stop('fast');
      await changePassword(folder, wanted, {
        ...tools,
        binaries: await this.which.forData(folder.data, request.name),
      });
    }
    const credentials = await this.startOnSomePort(server, { name: request.name, ...tools }, wanted);
    await writeFileAtomic(folder.provisioned, '');
    return credentials;
  }

  /** Another program may take the port between the choice and the start: then it is another port's turn. */
  private async startOnSomePort(
    server: PostgresServer,
    request: Omit<StartRequest, 'credentials'>,
    wanted: Omit<Credentials, 'port'>,
  ): Promise<Credentials> {
    for (let tries = 1; ; tries++) {
      const port = await freePort(await loopbackAddresses(), await this.place.portsInUse());
      const credentials = { port, ...wanted };
      try {
        await server.start({ ...request, credentials });
        return credentials;
      } catch (error) {
        if (tries === 3 || (await isFree(port, await loopbackAddresses()))) throw error;
      }
    }
  }

  private async statusWithoutFacts(id: string, credentials: Credentials): Promise<string> {
    const folder = await this.place.folderOf(id);
    if ((await majorOfData(folder.data)) === undefined) return 'Gone: its data is not there';
    if ((await this.serverIn(folder).pid()) === undefined) return 'Stopped';
    return (await answerOf(credentials)) === 'ready' ? 'Available (it refuses tfk a login)' : 'Starting';
  }

  private serverIn(folder: ServerFolder): PostgresServer {
    const { clock, logger } = this.options;
    return new PostgresServer(folder, { clock, logger });
  }

  private async remove(folder: ServerFolder): Promise<void> {
    await this.serverIn(folder).stop('immediate');
    await rm(folder.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
