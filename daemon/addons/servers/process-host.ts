import { rm, stat, statfs } from 'node:fs/promises';
import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import { writeFileAtomic } from '../../shared/atomic-file.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';
import type { PortsInUse, ServerCredentials, ServerHost } from './host.js';
import type { Owner } from './owner.js';
import type { ServerFolder, ServerPlace } from './place.js';
import { canListen, freePort, isFree, loopbackAddresses } from './ports.js';
import type { ProcessServer } from './process-server.js';
import { Turns } from './turns.js';

export interface ProcessHostParts {
  readonly place: ServerPlace;
  readonly portsInUse: PortsInUse;
  /** Knows the address by which containers reach this machine; none: this tfkd has no Docker. */
  readonly containers?: Pick<ServiceHost, 'hostAddress'>;
}

export interface InstallRequest {
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface MakeTools<Binaries> {
  readonly binaries: Binaries;
  readonly owner: Owner | undefined;
  readonly signal: AbortSignal;
}

/** What servers of one service are like, as processes. */
export interface ProcessKind<Credentials extends ServerCredentials, Binaries> {
  /** For messages: `a PostgreSQL server`. */
  readonly what: string;
  /** What to type for a new one, where this one cannot be reached. */
  readonly otherWay: string;
  /** Of a new server; may be repeated for the same id. */
  newCredentials(id: string): Omit<Credentials, 'port'>;
  /** Those in its record; throws where the record does not say. */
  credentialsOf(addon: AddonInstance): Credentials;
  binariesForNew(request: InstallRequest): Promise<Binaries>;
  /** Those that read the data. Rejects with `gone` where there is none. */
  binariesForData(folder: ServerFolder, name: string, request?: InstallRequest): Promise<Binaries>;
  hasData(folder: ServerFolder): Promise<boolean>;
  /** Makes its data where there is none, whole or not at all. */
  make(folder: ServerFolder, wanted: Omit<Credentials, 'port'>, tools: MakeTools<Binaries>): Promise<void>;
  /** Gives data that is there the credentials. The server does not run. */
  takeUp(folder: ServerFolder, wanted: Omit<Credentials, 'port'>, tools: MakeTools<Binaries>): Promise<void>;
  serverIn(folder: ServerFolder): ProcessServer<Credentials, Binaries>;
}

/** A server on the machine's loopback addresses, and on the one that containers reach where need be. */
export class ProcessHost<C extends ServerCredentials, B> implements ServerHost {
  private readonly turns = new Turns();

  constructor(
    private readonly kind: ProcessKind<C, B>,
    private readonly parts: ProcessHostParts,
  ) {}

  async provision(request: ProvisionRequest): Promise<AddonData> {
    const binaries = await this.kind.binariesForNew(request);
    return this.turns.take(request.id, () => this.makeOrRemove(request, binaries));
  }

  async ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void> {
    await this.turns.take(addon.id, () => this.bringUp(addon, bridgeOf(addon), signal));
  }

  async open(addon: AddonInstance, engine: EngineName): Promise<AddonData> {
    if (engine !== 'docker') return addon.data;
    const bridge = await this.parts.containers?.hostAddress();
    if (bridge == null || !(await canListen(0, bridge))) throw unreachable(addon, this.kind);
    await this.turns.take(addon.id, () => this.bringUp(addon, bridge));
    return { ...addon.data, bridge };
  }

  async takeUp(addon: AddonInstance, wanted: AddonData): Promise<void> {
    await this.turns.take(addon.id, async () => {
      const folder = await this.parts.place.folderOf(addon.id);
      const binaries = await this.kind.binariesForData(folder, addon.name);
      const tools = { binaries, owner: await this.parts.place.owner(), signal: new AbortController().signal };
      await this.kind.serverIn(folder).stop('fast');
      await this.kind.takeUp(folder, wanted as unknown as C, tools);
      await this.bringUp(addon, bridgeOf(addon));
    });
  }

  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress {
    const { port } = this.kind.credentialsOf(addon);
    // Heroku's pg:psql demands TLS of any host that is not spelled like this.
    if (engine !== 'docker') return { host: 'localhost', port };
    const host = bridgeOf(addon);
    if (host === undefined) throw notOpened(addon, this.kind);
    return { host, port };
  }

  async status(addon: AddonInstance): Promise<string> {
    const folder = await this.parts.place.folderOf(addon.id);
    const server = this.kind.serverIn(folder);
    if (!(await this.kind.hasData(folder))) return 'Gone: its data is not there';
    if ((await server.pid()) === undefined) return 'Stopped';
    return (await server.answerOf(this.kind.credentialsOf(addon))) === 'ready'
      ? 'Available (it refuses tfk a login)'
      : 'Starting';
  }

  async freeBytes(addon: AddonInstance): Promise<number | null> {
    const { path } = await this.parts.place.folderOf(addon.id);
    return statfs(path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
  }

  async stop(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, async () => {
      await this.kind.serverIn(await this.parts.place.folderOf(addon.id)).stop('fast');
    });
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, async () => this.remove(await this.parts.place.folderOf(addon.id)));
  }

  /** Starts the server where it does not run; one that runs with other settings is started again. */
  private async bringUp(
    addon: AddonInstance,
    bridge: string | undefined,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    signal.throwIfAborted();
    const { place } = this.parts;
    const folder = await place.folderOf(addon.id);
    const server = this.kind.serverIn(folder);
    const { name, plan } = addon;
    // After a reboot the bridge may not be there before Docker is.
    const addresses = await loopbackAddresses();
    if (bridge !== undefined && (await canListen(0, bridge))) addresses.push(bridge);
    const request = { name, plan, credentials: this.kind.credentialsOf(addon), addresses, signal };
    if (!(await server.isSetFor(request))) await server.stop('fast');
    if ((await server.pid()) === undefined) {
      const binaries = await this.kind.binariesForData(folder, name, { signal });
      await server.start({ ...request, binaries, owner: await place.owner() });
    } else if ((await server.answerOf(request.credentials)) !== 'ready') {
      await server.waitUntilReady(request);
    }
    await server.trimLog();
  }

  private async makeOrRemove(request: ProvisionRequest, binaries: B): Promise<AddonData> {
    const folder = await this.parts.place.folderOf(request.id);
    try {
      return { host: 'process', ...(await this.makeAndStart(request, folder, binaries)) };
    } catch (error) {
      // Once it was provisioned, somebody's rows may be in it.
      if (!(await isThere(folder.provisioned))) await this.remove(folder);
      throw error;
    }
  }

  private async makeAndStart(request: ProvisionRequest, folder: ServerFolder, binaries: B): Promise<C> {
    const { id, name, signal, progress } = request;
    const wanted = this.kind.newCredentials(id);
    let tools = { binaries, owner: await this.parts.place.owner(), signal };
    signal.throwIfAborted();
    progress('Creating the server');
    if (await this.kind.hasData(folder)) {
      // An earlier try came this far, and its answer, with the password in it, was lost.
      await this.kind.serverIn(folder).stop('fast');
      tools = { ...tools, binaries: await this.kind.binariesForData(folder, name) };
      await this.kind.takeUp(folder, wanted, tools);
    } else {
      await this.kind.make(folder, wanted, tools);
    }
    const credentials = await this.startOnSomePort(request, { folder, tools, wanted });
    await writeFileAtomic(folder.provisioned, '');
    return credentials;
  }

  /** Another program may take the port between the choice and the start: then it is another port's turn. */
  private async startOnSomePort(
    { name, plan }: ProvisionRequest,
    { folder, tools, wanted }: NewServer<C, B>,
  ): Promise<C> {
    for (let tries = 1; ; tries++) {
      const addresses = await loopbackAddresses();
      const port = await freePort(addresses, await this.parts.portsInUse());
      const credentials = { ...wanted, port } as C;
      try {
        await this.kind.serverIn(folder).start({ name, plan, ...tools, credentials, addresses });
        return credentials;
      } catch (error) {
        if (tries === 3 || (await isFree(port, addresses))) throw error;
      }
    }
  }

  private async remove(folder: ServerFolder): Promise<void> {
    await this.kind.serverIn(folder).stop('immediate');
    await rm(folder.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface NewServer<C extends ServerCredentials, B> {
  readonly folder: ServerFolder;
  readonly tools: MakeTools<B>;
  readonly wanted: Omit<C, 'port'>;
}

/** The address of this machine on which the server lets containers in; undefined: on none. */
function bridgeOf({ data }: AddonInstance): string | undefined {
  const { bridge } = data;
  return typeof bridge === 'string' ? bridge : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

type Words = Pick<ProcessKind<ServerCredentials, unknown>, 'what' | 'otherWay'>;

const unreachable = ({ name }: AddonInstance, { what, otherWay }: Words): TfkError =>
  new TfkError(
    'unavailable',
    `${name} is ${what} on this machine, and Docker’s containers have no way to this machine. Nothing was changed.`,
    { hint: `A local Docker engine with its default bridge gives them one. Else ${otherWay}` },
  );

const notOpened = ({ name }: AddonInstance, { what }: Words): TfkError =>
  new TfkError(
    'unavailable',
    `${name} is ${what} on this machine, which does not let containers in yet. Nothing was changed.`,
    { hint: 'Move the app to Docker first, which opens it: tfk apps:engine docker' },
  );
