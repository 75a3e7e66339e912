import type { EngineName } from '../../engines/engine.js';
import type { ServiceHost } from '../../engines/service-host.js';
import type { Clock } from '../../shared/clock.js';
import { TfkError } from '../../shared/errors.js';
import type { AddonInstance, AddonPlan, ProvisionedAddon, ProvisionRequest } from '../addon.js';
import { ContainerHost } from '../servers/container-host.js';
import type { PortsInUse, ServerHost } from '../servers/host.js';
import { ServerAddon } from '../servers/server-addon.js';
import { ManifestContainer } from './container-kind.js';
import type { Manifest } from './schema.js';
import { filled } from './templates.js';

export interface ManifestParts {
  readonly containers: ServiceHost;
  readonly clock: Clock;
  readonly portsInUse: PortsInUse;
}

/** A service of the operator's own, in containers alone. */
export class ManifestAddon extends ServerAddon {
  readonly name: string;
  readonly humanName: string;
  readonly herokuName: string;
  readonly defaultAttachment: string;
  readonly plans: readonly AddonPlan[];

  private readonly kind: ManifestContainer;
  private readonly container: ServerHost;

  constructor(
    private readonly manifest: Manifest,
    { containers, clock, portsInUse }: ManifestParts,
  ) {
    super();
    this.name = manifest.name;
    this.humanName = manifest.humanName;
    this.herokuName = manifest.name;
    this.defaultAttachment = manifest.attachment;
    this.plans = manifest.plans.map(({ name, description }, index) => ({
      name: `${manifest.name}:${name}`,
      description,
      isDefault: index === 0,
    }));
    this.kind = new ManifestContainer(manifest, containers);
    this.container = new ContainerHost(this.kind, { services: containers, clock, portsInUse });
  }

  override async provision(request: ProvisionRequest): Promise<ProvisionedAddon> {
    if (request.engine !== 'docker') throw this.needsDocker(request.name);
    return super.provision(request);
  }

  /** Of an app that has no containers nothing was made. */
  override async deprovision(addon: AddonInstance): Promise<void> {
    if (Object.keys(addon.data).length === 0 && addon.engine !== 'docker') return;
    await super.deprovision(addon);
  }

  configVars(addon: AddonInstance, attachment: string, engine: EngineName): Readonly<Record<string, string>> {
    const { host, port } = this.container.addressFor(addon, engine);
    const values = { ...this.kind.secretsIn(addon.data), host, port: String(port) };
    return Object.fromEntries(
      Object.entries(this.manifest.configVars).map(([suffix, template]) => [
        `${attachment}_${suffix}`,
        filled(template, values),
      ]),
    );
  }

  configKeys(attachment: string): readonly string[] {
    return Object.keys(this.manifest.configVars).map((suffix) => `${attachment}_${suffix}`);
  }

  async describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]> {
    const credentials = this.kind.credentialsOf(addon);
    const answer = await this.kind.answerOf(addon.id, credentials);
    return [
      ['Plan', addon.plan],
      ['Status', answer === 'ready' ? 'Available' : await this.container.status(addon)],
      ['Image', String(addon.data['image'])],
      ['Port', `${credentials.port} on localhost`],
    ];
  }

  protected hostFor(): ServerHost {
    return this.container;
  }

  private needsDocker(name: string): TfkError {
    return new TfkError(
      'unavailable',
      `${this.humanName} runs in a container, and the app of ${name} is on the embedded engine. Nothing was created.`,
      { hint: 'Move the app to Docker first: tfk apps:engine docker' },
    );
  }
}

/** The service of an add-on whose manifest is gone or broken: it goes on as it was made. */
export function rememberedService(
  data: AddonInstance['data'] | null,
  parts: ManifestParts,
): ManifestAddon | null {
  const manifest = data?.['manifest'];
  return typeof manifest === 'string' ? new ManifestAddon(JSON.parse(manifest) as Manifest, parts) : null;
}
