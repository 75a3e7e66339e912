import { connect } from 'node:net';
import type { ServiceHost, ServiceSpec } from '../../engines/service-host.js';
import { TfkError } from '../../shared/errors.js';
import { newSecret } from '../../shared/ids.js';
import type { AddonData, AddonInstance } from '../addon.js';
import type { ContainerKind, FetchRequest, ServerPlan } from '../servers/container-host.js';
import { fetchedImage, imageOver } from '../servers/fetched-image.js';
import type { Answer, ServerCredentials } from '../servers/host.js';
import { WITHOUT_A_WORD } from '../servers/start-failure.js';
import type { Manifest } from './schema.js';
import { filled } from './templates.js';

/** What the add-on's record keeps: the image, and the manifest for the day on which its file is gone. */
type ManifestImage = AddonData & { readonly image: string; readonly manifest: string };

/** Docker's proxy takes a connection in any case, and closes it at once where nobody listens behind it. */
const HELD_MS = 300;

/** A container as a manifest describes it. */
export class ManifestContainer implements ContainerKind<ServerCredentials, ManifestImage> {
  readonly product: string;
  readonly port: number;
  readonly otherWay =
    'Run tfk on that machine, or give the app the address of one that runs elsewhere: tfk config:set';

  constructor(
    private readonly manifest: Manifest,
    private readonly services: ServiceHost,
  ) {
    this.product = manifest.humanName;
    this.port = manifest.port;
  }

  newCredentials(): Omit<ServerCredentials, 'port'> {
    return Object.fromEntries(this.manifest.passwords.map((name) => [keyOf(name), newSecret()]));
  }

  credentialsOf({ name, data }: AddonInstance): ServerCredentials {
    const { port } = data;
    if (typeof port === 'number') return { ...data, port };
    throw new TfkError('internal_server_error', `The record of ${name} does not say how to reach it.`);
  }

  async imageForNew(request: FetchRequest): Promise<ManifestImage> {
    const { image } = this.manifest;
    await fetchedImage(this.services, { image, setting: 'its manifest' }, request);
    return this.kept(image);
  }

  async imageForData({ data }: AddonInstance): Promise<ManifestImage> {
    return this.kept(await imageOver(this.services, this.manifest.image, String(data['image'])));
  }

  async assertHere(_name: string, { image }: ManifestImage, request: FetchRequest): Promise<void> {
    await fetchedImage(this.services, { image, setting: 'its manifest' }, request);
  }

  spec(server: ServerPlan, { image }: ManifestImage, credentials: ServerCredentials): ServiceSpec {
    const { command, env, files, data, port, plans } = this.manifest;
    const secrets = this.secretsIn(credentials);
    const plan = plans.find(({ name }) => server.plan.endsWith(`:${name}`)) ?? plans[0];
    return {
      id: server.id,
      image,
      command,
      env,
      files: Object.fromEntries(
        Object.entries(files).map(([path, template]) => [path, filled(template, secrets)]),
      ),
      dataPath: data,
      port,
      hostPort: credentials.port,
      alias: server.hostName,
      apps: server.apps,
      memoryBytes: plan?.memoryBytes ?? 0,
    };
  }

  async answerOf(id: string, { port }: ServerCredentials): Promise<Answer> {
    const { readyCommand } = this.manifest;
    if (readyCommand === null) return (await holds(port)) ? 'ready' : 'silent';
    const program = { command: readyCommand, input: '' };
    // While its container starts, nothing can be run inside.
    const result = await this.services.run(id, program).catch(() => null);
    return result?.exitCode === 0 ? 'ready' : 'silent';
  }

  /** All that it is to know it has from its files and variables. */
  async setUp(): Promise<void> {
    return undefined;
  }

  reasonIn(log: string): string {
    return log.trimEnd().split('\n').at(-1)?.trim() || WITHOUT_A_WORD;
  }

  /** By their names in templates. */
  secretsIn(data: AddonData): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.manifest.passwords.map((name) => {
        const secret = data[keyOf(name)];
        if (secret === undefined) throw withoutPassword(this.manifest.name, name);
        return [name, String(secret)];
      }),
    );
  }

  private kept(image: string): ManifestImage {
    return { image, manifest: JSON.stringify(this.manifest) };
  }
}

/** It was made before its manifest had that password. */
const withoutPassword = (service: string, name: string): TfkError =>
  new TfkError(
    'conflict',
    `This ${service} has no password ${JSON.stringify(name)}: its manifest had none when it was made.`,
    {
      hint: `Take it out of the manifest of ${service}, or make a new add-on.`,
    },
  );

/** Apart from all else that the record keeps. */
const keyOf = (password: string): string => `secret_${password}`;

/** Is a connection to the port taken, and kept? */
function holds(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const patience = setTimeout(() => end(true), HELD_MS);
    const end = (held: boolean) => {
      clearTimeout(patience);
      socket.destroy();
      resolve(held);
    };
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
