import { rm, stat } from 'node:fs/promises';
import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import { TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { Logger } from '../../shared/logger.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';
import type { Binaries } from './binaries.js';
import { changePassword, createCluster, majorOfData, removeUnfinished } from './cluster.js';
import { bridgeOf, credentialsOf, namesOf, type Credentials } from './credentials.js';
import type { DatabaseHost, PortsInUse } from './host.js';
import { answerOf } from './login.js';
import type { PostgresPlace, ServerFolder } from './place.js';
import { canListen, freePort, isFree, loopbackAddresses } from './ports.js';
import { PostgresServer, type StartRequest } from './server.js';
import { Turns } from './turns.js';
import { WhichBinaries, type BinariesOptions } from './which-binaries.js';

export interface ProcessHostOptions extends BinariesOptions {
  readonly logger: Logger;
  /** Knows the address by which containers reach this machine; none: this tfkd has no Docker. */
  readonly containers?: Pick<ServiceHost, 'hostAddress'>;
}

/** A server from npm's binaries, on the machine's loopback addresses, and on the one that containers reach where need be. */
export class ProcessHost implements DatabaseHost {
  private readonly turns = new Turns();
  private readonly which: WhichBinaries;

  constructor(
    private readonly options: ProcessHostOptions,
    private readonly place: PostgresPlace,
    private readonly portsInUse: PortsInUse,
  ) {
    this.which = new WhichBinaries(place, options);
  }

  async provision(request: ProvisionRequest): Promise<AddonData> {
    const binaries = await this.which.forNew(request);
    return this.turns.take(request.id, () => this.makeOrRemove(request, binaries));
  }

  async ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void> {
    await this.turns.take(addon.id, () => this.bringUp(addon, bridgeOf(addon), signal));
  }

  async open(addon: AddonInstance, engine: EngineName): Promise<AddonData> {
    if (engine !== 'docker') return addon.data;
    const bridge = await this.options.containers?.hostAddress();
    if (bridge == null || !(await canListen(0, bridge))) throw unreachable(addon);
    await this.turns.take(addon.id, () => this.bringUp(addon, bridge));
    return { ...addon.data, bridge };
  }

  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress {
    const { port } = credentialsOf(addon);
    // Heroku's pg:psql demands TLS of any host that is not spelled like this.
    if (engine !== 'docker') return { host: 'localhost', port };
    const host = bridgeOf(addon);
    if (host === undefined) throw notOpened(addon);
    return { host, port };
  }

  async status(addon: AddonInstance): Promise<string> {
    const folder = await this.place.folderOf(addon.id);
    if ((await majorOfData(folder.data)) === undefined) return 'Gone: its data is not there';
    if ((await this.serverIn(folder).pid()) === undefined) return 'Stopped';
    const answer = await answerOf(credentialsOf(addon));
    return answer === 'ready' ? 'Available (it refuses tfk a login)' : 'Starting';
  }

  async stop(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, async () => {
      await this.serverIn(await this.place.folderOf(addon.id)).stop('fast');
    });
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, async () => this.remove(await this.place.folderOf(addon.id)));
  }

  /** Starts the server where it does not run; one that does not listen on the bridge yet is started again. */
  private async bringUp(
    addon: AddonInstance,
    bridge: string | undefined,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    signal.throwIfAborted();
    const credentials = credentialsOf(addon);
    const folder = await this.place.folderOf(addon.id);
    const server = this.serverIn(folder);
    const request = { name: addon.name, credentials, owner: await this.place.owner(), signal };
    // After a reboot the bridge may not be there before Docker is.
    const addresses = await loopbackAddresses();
    if (bridge !== undefined && (await canListen(0, bridge))) addresses.push(bridge);
    if (bridge !== undefined && addresses.includes(bridge) && !(await server.listensOn(bridge)))
      await server.stop('fast');
    if ((await server.pid()) === undefined) {
      const binaries = await this.which.forData(folder.data, addon.name, { signal });
      await server.start({ ...request, binaries, addresses });
    } else if ((await answerOf(credentials)) !== 'ready') {
      await server.waitUntilReady(request, addresses);
    }
    await server.trimLog();
  }

  private async makeOrRemove(request: ProvisionRequest, binaries: Binaries): Promise<AddonData> {
    const folder = await this.place.folderOf(request.id);
    try {
      return { host: 'process', ...(await this.makeAndStart(request, folder, binaries)) };
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
    request: Omit<StartRequest, 'credentials' | 'addresses'>,
    wanted: Omit<Credentials, 'port'>,
  ): Promise<Credentials> {
    for (let tries = 1; ; tries++) {
      const addresses = await loopbackAddresses();
      const port = await freePort(addresses, await this.portsInUse());
      const credentials = { port, ...wanted };
      try {
        await server.start({ ...request, credentials, addresses });
        return credentials;
      } catch (error) {
        if (tries === 3 || (await isFree(port, addresses))) throw error;
      }
    }
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

const unreachable = ({ name }: AddonInstance): TfkError =>
  new TfkError(
    'unavailable',
    `${name} is a PostgreSQL server on this machine, and Docker’s containers have no way to this machine. Nothing was changed.`,
    {
      hint: 'A local Docker engine with its default bridge gives them one. Else make a new database for the app and move the rows: tfk addons:create postgres',
    },
  );

const notOpened = ({ name }: AddonInstance): TfkError =>
  new TfkError(
    'unavailable',
    `${name} is a PostgreSQL server on this machine, which does not let containers in yet. Nothing was changed.`,
    { hint: 'Move the app to Docker first, which opens it: tfk apps:engine docker' },
  );
