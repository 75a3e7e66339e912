import type { ServiceHost, ServiceSpec } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonInstance } from '../addon.js';
import type { ContainerKind, FetchRequest, ServerPlan } from '../servers/container-host.js';
import type { Answer } from '../servers/host.js';
import { CONTAINER_PORT, containerSpec, PSQL, setUpSql } from './container-spec.js';
import { credentialsOf, type Credentials } from './credentials.js';
import { answerOf, withLogin } from './login.js';
import { reasonIn } from './reason.js';
import { newRecord, rolesOf } from './roles.js';
import { WhichImage, type PostgresImage } from './which-image.js';

/** A server of an image like the official one. */
export class PostgresContainer implements ContainerKind<Credentials, PostgresImage> {
  readonly product = 'PostgreSQL';
  readonly port = CONTAINER_PORT;
  readonly otherWay =
    'Give the app a database from elsewhere, tfk config:set DATABASE_URL=postgres://…, or run tfk on that machine.';

  private readonly which: WhichImage;

  constructor(
    private readonly services: ServiceHost,
    /** TFK_ADDON_POSTGRES_IMAGE */
    image: string | null,
  ) {
    this.which = new WhichImage(services, image);
  }

  newCredentials(id: string): Omit<Credentials, 'port'> {
    return newRecord(id);
  }

  credentialsOf(addon: AddonInstance): Credentials {
    return credentialsOf(addon);
  }

  imageForNew(request: FetchRequest): Promise<PostgresImage> {
    return this.which.forNew(request);
  }

  async imageForData(addon: AddonInstance): Promise<PostgresImage> {
    return this.which.forData(imageOf(addon));
  }

  assertHere(name: string, image: PostgresImage, request: FetchRequest): Promise<void> {
    return this.which.assertHere(name, image, request);
  }

  spec(server: ServerPlan, image: PostgresImage, { port: hostPort }: Credentials): ServiceSpec {
    return containerSpec({ ...server, hostPort, throwaway: newSecret() }, image);
  }

  answerOf(_id: string, credentials: Credentials): Promise<Answer> {
    return answerOf(credentials);
  }

  async setUp({ id, name }: ServerPlan, credentials: Credentials): Promise<void> {
    const program = { command: PSQL, input: await setUpSql(rolesOf(credentials)) };
    const { exitCode, output } = await this.services.run(id, program);
    if (exitCode !== 0)
      throw new TfkError('unavailable', `PostgreSQL of ${name} did not take its roles: ${reasonIn(output)}`);
    await withLogin(credentials, (client) => client.query('SELECT 1'));
  }

  reasonIn(log: string): string {
    return reasonIn(log);
  }
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
