import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost, ServiceSpec } from '../../engines/service-host.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';
import { freeBytesIn } from './free-space.js';
import type { Answer, PortsInUse, ServerCredentials, ServerHost } from './host.js';
import { freePort, isFree } from './ports.js';
import { isFull } from './start-failure.js';
import { Turns } from './turns.js';

export interface ContainerHostParts {
  readonly services: ServiceHost;
  readonly clock: Clock;
  readonly portsInUse: PortsInUse;
}

export interface FetchRequest {
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What a container is made for. */
export interface ServerPlan {
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  readonly plan: string;
  readonly apps: readonly string[];
}

/** What containers of one service are like. `Image` is what the add-on's data was made with, and is kept with it. */
export interface ContainerKind<Credentials extends ServerCredentials, Image extends AddonData> {
  /** For messages: `PostgreSQL`. */
  readonly product: string;
  /** Where it listens inside its container. */
  readonly port: number;
  /** What to do where Docker's engine is on another machine. */
  readonly otherWay: string;
  /** Of a new server; may be repeated for the same id. */
  newCredentials(id: string): Omit<Credentials, 'port'>;
  /** Those in its record; throws where the record does not say. */
  credentialsOf(addon: AddonInstance): Credentials;
  imageForNew(request: FetchRequest): Promise<Image>;
  /** The one that is to run over the data. Fetches nothing. */
  imageForData(addon: AddonInstance): Promise<Image>;
  /** Brings that image here, and rejects where its data is not for it. */
  assertHere(name: string, image: Image, request: FetchRequest): Promise<void>;
  spec(server: ServerPlan, image: Image, credentials: Credentials): ServiceSpec;
  answerOf(id: string, credentials: Credentials): Promise<Answer>;
  /** What a new server needs when it is up; may be repeated. */
  setUp(server: ServerPlan, credentials: Credentials): Promise<void>;
  /** Why it ended, from what it printed. */
  reasonIn(log: string): string;
}

const LOOPBACK = '127.0.0.1';
const POLL_MS = 100;
const START_LIMIT_MS = 120_000;
const STOP_GRACE_MS = 60_000;

/** A server in a container of its own, with its data on a volume; the image is the operator's or the official one. */
export class ContainerHost<C extends ServerCredentials, I extends AddonData> implements ServerHost {
  private readonly turns = new Turns();

  constructor(
    private readonly kind: ContainerKind<C, I>,
    private readonly parts: ContainerHostParts,
  ) {}

  async provision(request: ProvisionRequest): Promise<AddonData> {
    if (!(await this.parts.services.isHere())) throw outOfReach(request, this.kind.otherWay);
    const image = await this.kind.imageForNew(request);
    return this.turns.take(request.id, async () => ({
      host: 'docker',
      ...image,
      ...(await this.makeOrRemove(request, image)),
    }));
  }

  async ensureRunning(
    addon: AddonInstance,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    await this.turns.take(addon.id, async () => {
      const { services } = this.parts;
      signal.throwIfAborted();
      const image = await this.kind.imageForData(addon);
      const state = await services.state(addon.id);
      if (!state?.running) {
        if (!(await services.hasData(addon.id))) throw dataIsGone(addon);
        await this.kind.assertHere(addon.name, image, { progress: () => undefined, signal });
      }
      const credentials = this.kind.credentialsOf(addon);
      await services.ensure(this.kind.spec(addon, image, credentials));
      await this.waitUntilReady({ ...addon, isNew: false }, credentials, signal);
    });
  }

  /** One that does not run joins its apps' networks as soon as it does. */
  async open(addon: AddonInstance, engine: EngineName): Promise<AddonData> {
    if (engine !== 'docker') return addon.data;
    await this.turns.take(addon.id, async () => {
      const { services } = this.parts;
      if (!(await services.state(addon.id))?.running) return;
      const image = await this.kind.imageForData(addon);
      await services.ensure(this.kind.spec(addon, image, this.kind.credentialsOf(addon)));
    });
    return addon.data;
  }

  async takeUp(addon: AddonInstance, wanted: AddonData): Promise<void> {
    await this.turns.take(addon.id, () => this.kind.setUp(addon, wanted as C));
  }

  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress {
    if (engine === 'docker') return { host: addon.hostName, port: this.kind.port };
    return { host: LOOPBACK, port: this.kind.credentialsOf(addon).port };
  }

  async status(addon: AddonInstance): Promise<string> {
    return this.statusInDocker(addon).catch((error: unknown) => `Unknown: ${messageOf(error)}`);
  }

  async freeBytes(addon: AddonInstance): Promise<number | null> {
    try {
      const image = await this.kind.imageForData(addon);
      const { dataPath } = this.kind.spec(addon, image, this.kind.credentialsOf(addon));
      const program = { command: ['df', '-Pk', dataPath], input: '' };
      const { exitCode, output } = await this.parts.services.run(addon.id, program);
      return exitCode === 0 ? freeBytesIn(output) : null;
    } catch {
      return null;
    }
  }

  async stop(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, () => this.parts.services.stop(addon.id, STOP_GRACE_MS));
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.turns.take(addon.id, () => this.parts.services.remove(addon.id));
  }

  private async statusInDocker(addon: AddonInstance): Promise<string> {
    const { services } = this.parts;
    if (!(await services.hasData(addon.id))) return 'Gone: its data is not there';
    if (!(await services.state(addon.id))?.running) return 'Stopped';
    return (await this.kind.answerOf(addon.id, this.kind.credentialsOf(addon))) === 'ready'
      ? 'Available (it refuses tfk a login)'
      : 'Starting';
  }

  private async makeOrRemove(request: ProvisionRequest, image: I): Promise<C> {
    const { services } = this.parts;
    const wasThere = await services.hasData(request.id);
    try {
      request.signal.throwIfAborted();
      request.progress('Creating the server');
      return await this.make({ ...request, hostName: request.name }, image);
    } catch (error) {
      // Data of an earlier try may be somebody's. What cannot be removed now is removed by whoever hears of the failure.
      if (!wasThere) await services.remove(request.id).catch(() => undefined);
      throw error;
    }
  }

  private async make(request: ProvisionRequest & ServerPlan, image: I): Promise<C> {
    const credentials = await this.startOnSomePort(request, image);
    await this.waitUntilReady({ ...request, isNew: true }, credentials, request.signal);
    await this.kind.setUp(request, credentials);
    return credentials;
  }

  /** Another program may take the port between the choice and the start: then it is another port's turn. */
  private async startOnSomePort(server: ServerPlan, image: I): Promise<C> {
    const wanted = this.kind.newCredentials(server.id);
    for (let tries = 1; ; tries++) {
      const port = await freePort([LOOPBACK], await this.parts.portsInUse());
      const credentials = { ...wanted, port } as C;
      try {
        await this.parts.services.ensure(this.kind.spec(server, image, credentials));
        return credentials;
      } catch (error) {
        if (tries === 3 || (await isFree(port, [LOOPBACK]))) throw error;
      }
    }
  }

  /** While its data is being made, it does not listen. */
  private async waitUntilReady(server: StartingServer, credentials: C, signal: AbortSignal): Promise<void> {
    const { services, clock } = this.parts;
    const { id, name, isNew } = server;
    const deadline = clock.now() + START_LIMIT_MS;
    const restarts = (await services.state(id))?.restarts ?? 0;
    while (clock.now() < deadline) {
      signal.throwIfAborted();
      if ((await this.kind.answerOf(id, credentials)) === 'ready') return;
      const state = await services.state(id);
      if (!state?.running || state.restarts > restarts) throw await this.startFailure(server);
      await clock.sleep(POLL_MS, signal);
    }
    throw new TfkError('unavailable', `${this.kind.product} of ${name} runs but takes no connections yet.`, {
      hint: isNew
        ? 'Nothing is left of it: try again when the machine has less to do.'
        : 'After a crash it first replays its log, which can take minutes; tfk addons:info shows when it is up.',
    });
  }

  private async startFailure({ id, name, isNew }: StartingServer): Promise<TfkError> {
    const lines = await this.parts.services.lastLines(id);
    return new TfkError(
      lines.some(isFull) ? 'insufficient_storage' : 'unavailable',
      `${this.kind.product} of ${name} did not start: ${this.kind.reasonIn(lines.join('\n'))}.`,
      { hint: isNew ? 'Nothing is left of it.' : 'tfk tries again by itself; docker logs shows more.' },
    );
  }
}

interface StartingServer {
  readonly id: string;
  readonly name: string;
  /** Then it is removed where it does not start. */
  readonly isNew: boolean;
}

const outOfReach = ({ name }: ProvisionRequest, otherWay: string): TfkError =>
  new TfkError(
    'unavailable',
    `${name} would run on the machine of the Docker engine, where tfk could neither set it up nor reach it. Nothing was created.`,
    { hint: otherWay },
  );

const dataIsGone = ({ name }: AddonInstance): TfkError =>
  new TfkError('gone', `The volume with the data of ${name} is no longer there.`, {
    hint: `Put it back from a backup, or remove the add-on with tfk addons:destroy ${name}.`,
  });
