import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost, ServiceSpec } from '../../engines/service-host.js';
import type { Clock } from '../../shared/clock.js';
import { messageOf, TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';
import { CONTAINER_PORT, containerSpec, PSQL, roleSql } from './container-spec.js';
import { credentialsOf, namesOf, type Credentials } from './credentials.js';
import type { DatabaseHost, PortsInUse } from './host.js';
import { answerOf, withLogin } from './login.js';
import { freePort, isFree } from './ports.js';
import { reasonIn } from './start-failure.js';
import { Turns } from './turns.js';
import { WhichImage, type PostgresImage } from './which-image.js';

export interface ContainerHostParts {
  readonly services: ServiceHost;
  /** TFK_ADDON_POSTGRES_IMAGE */
  readonly image: string | null;
  readonly clock: Clock;
  readonly portsInUse: PortsInUse;
}

interface StartingServer {
  readonly id: string;
  readonly name: string;
  /** Then it is removed where it does not start. */
  readonly isNew: boolean;
}

const LOOPBACK = '127.0.0.1';
const POLL_MS = 100;
const START_LIMIT_MS = 120_000;
const STOP_GRACE_MS = 60_000;

/** A server in a container of its own, with its data on a volume; the image is the operator's or the official one. */
export class ContainerHost implements DatabaseHost {
  private readonly turns = new Turns();
  private readonly which: WhichImage;

  constructor(private readonly parts: ContainerHostParts) {
    this.which = new WhichImage(parts.services, parts.image);
  }

  async provision(request: ProvisionRequest): Promise<AddonData> {
    if (!(await this.parts.services.isHere())) throw outOfReach(request);
    const image = await this.which.forNew(request);
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
      const chosen = await this.which.forData(imageOf(addon));
      const state = await services.state(addon.id);
      if (!state?.running) {
        if (!(await services.hasData(addon.id))) throw dataIsGone(addon);
        await this.which.assertHere(addon.name, chosen, { progress: () => undefined, signal });
      }
      await services.ensure(specOf(addon, chosen));
      await this.waitUntilReady({ ...addon, isNew: false }, credentialsOf(addon), signal);
    });
  }

  /** One that does not run joins its apps' networks as soon as it does. */
  async open(addon: AddonInstance, engine: EngineName): Promise<AddonData> {
    if (engine !== 'docker') return addon.data;
    await this.turns.take(addon.id, async () => {
      const { services } = this.parts;
      if (!(await services.state(addon.id))?.running) return;
      await services.ensure(specOf(addon, await this.which.forData(imageOf(addon))));
    });
    return addon.data;
  }

  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress {
    if (engine === 'docker') return { host: addon.hostName, port: CONTAINER_PORT };
    return { host: LOOPBACK, port: credentialsOf(addon).port };
  }

  async status(addon: AddonInstance): Promise<string> {
    return this.statusInDocker(addon).catch((error: unknown) => `Unknown: ${messageOf(error)}`);
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
    const answer = await answerOf(credentialsOf(addon));
    return answer === 'ready' ? 'Available (it refuses tfk a login)' : 'Starting';
  }

  private async makeOrRemove(request: ProvisionRequest, image: PostgresImage): Promise<Credentials> {
    const { services } = this.parts;
    const wasThere = await services.hasData(request.id);
    try {
      request.signal.throwIfAborted();
      request.progress('Creating the database');
      return await this.make(request, image);
    } catch (error) {
      // Data of an earlier try may be somebody's. What cannot be removed now is removed by whoever hears of the failure.
      if (!wasThere) await services.remove(request.id).catch(() => undefined);
      throw error;
    }
  }

  private async make(request: ProvisionRequest, image: PostgresImage): Promise<Credentials> {
    const wanted = { ...namesOf(request.id), password: newSecret() };
    const credentials = { port: await this.startOnSomePort(request, image), ...wanted };
    await this.waitUntilReady({ ...request, isNew: true }, credentials, request.signal);
    const program = { command: PSQL, input: await roleSql(wanted) };
    const { exitCode, output } = await this.parts.services.run(request.id, program);
    if (exitCode !== 0)
      throw new TfkError(
        'unavailable',
        `PostgreSQL of ${request.name} did not take its role: ${reasonIn(output)}`,
      );
    await withLogin(credentials, (client) => client.query('SELECT 1'));
    return credentials;
  }

  /** Another program may take the port between the choice and the start: then it is another port's turn. */
  private async startOnSomePort(request: ProvisionRequest, image: PostgresImage): Promise<number> {
    for (let tries = 1; ; tries++) {
      const hostPort = await freePort([LOOPBACK], await this.parts.portsInUse());
      try {
        await this.parts.services.ensure(
          containerSpec({ ...request, hostName: request.name, hostPort, throwaway: newSecret() }, image),
        );
        return hostPort;
      } catch (error) {
        if (tries === 3 || (await isFree(hostPort, [LOOPBACK]))) throw error;
      }
    }
  }

  /** While its data is being made, it does not listen. */
  private async waitUntilReady(
    server: StartingServer,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<void> {
    const { services, clock } = this.parts;
    const { id, name, isNew } = server;
    const deadline = clock.now() + START_LIMIT_MS;
    const restarts = (await services.state(id))?.restarts ?? 0;
    while (clock.now() < deadline) {
      signal.throwIfAborted();
      if ((await answerOf(credentials)) === 'ready') return;
      const state = await services.state(id);
      if (!state?.running || state.restarts > restarts) throw await this.startFailure(server);
      await clock.sleep(POLL_MS, signal);
    }
    throw new TfkError('unavailable', `PostgreSQL of ${name} runs but takes no connections yet.`, {
      hint: isNew
        ? 'Nothing is left of it: try again when the machine has less to do.'
        : 'After a crash it first replays its log, which can take minutes; tfk addons:info shows when it is up.',
    });
  }

  private async startFailure({ id, name, isNew }: StartingServer): Promise<TfkError> {
    const lines = await this.parts.services.lastLines(id);
    return new TfkError(
      lines.some((line) => /no space left/i.test(line)) ? 'insufficient_storage' : 'unavailable',
      `PostgreSQL of ${name} did not start: ${reasonIn(lines.join('\n'))}.`,
      { hint: isNew ? 'Nothing is left of it.' : 'tfk tries again by itself; docker logs shows more.' },
    );
  }
}

function specOf(addon: AddonInstance, image: PostgresImage): ServiceSpec {
  const { port: hostPort } = credentialsOf(addon);
  return containerSpec({ ...addon, hostPort, throwaway: newSecret() }, image);
}

/** What the data was made with. */
function imageOf({ name, data }: AddonInstance): PostgresImage {
  const { image, major, dataPath, pgData = dataPath } = data;
  if (
    typeof image === 'string' &&
    typeof major === 'number' &&
    typeof dataPath === 'string' &&
    typeof pgData === 'string'
  )
    return { image, major, dataPath, pgData };
  throw new TfkError('internal_server_error', `The record of ${name} does not say which image it runs.`);
}

const outOfReach = ({ name }: ProvisionRequest): TfkError =>
  new TfkError(
    'unavailable',
    `${name} would run on the machine of the Docker engine, where tfk could neither set it up nor reach it. Nothing was created.`,
    {
      hint: 'Give the app a database from elsewhere, tfk config:set DATABASE_URL=postgres://…, or run tfk on that machine.',
    },
  );

const dataIsGone = ({ name }: AddonInstance): TfkError =>
  new TfkError('gone', `The volume with the data of ${name} is no longer there.`, {
    hint: `Put it back from a backup, or remove the add-on with tfk addons:destroy ${name}.`,
  });
