import type { EngineName } from '../../engines/engine.js';
import { TfkError } from '../../shared/errors.js';
import type {
  AddonData,
  AddonInstance,
  AddonPlan,
  AddonService,
  NetworkAddress,
  ProvisionedAddon,
  ProvisionRequest,
} from '../addon.js';
import type { ServerHost } from './host.js';

/**
 * A service of one server of its own per add-on, on a port that it keeps for life: a process for apps of the process engine, a
 * container for those of the Docker engine. It stays what it was made as, wherever its apps move.
 */
export abstract class ServerAddon implements AddonService {
  abstract readonly name: string;
  abstract readonly humanName: string;
  abstract readonly herokuName: string;
  abstract readonly defaultAttachment: string;
  abstract readonly plans: readonly AddonPlan[];

  /** Throws where there is none for it. */
  protected abstract hostFor(name: string, where: 'docker' | 'process'): ServerHost;
  abstract configVars(
    addon: AddonInstance,
    attachment: string,
    engine: EngineName,
  ): Readonly<Record<string, string>>;
  abstract configKeys(attachment: string): readonly string[];
  abstract describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]>;

  async provision(request: ProvisionRequest): Promise<ProvisionedAddon> {
    const host = this.hostFor(request.name, request.engine === 'docker' ? 'docker' : 'process');
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

  localAddress(addon: AddonInstance): NetworkAddress {
    return this.hostOf(addon).addressFor(addon, 'process');
  }

  async stop(addon: AddonInstance): Promise<void> {
    await this.hostOf(addon).stop(addon);
  }

  async deprovision(addon: AddonInstance): Promise<void> {
    await this.hostOf(addon).deprovision(addon);
  }

  /** What was never finished says nothing of itself: it is where its app's engine has it made. */
  protected hostOf({ name, data, engine }: AddonInstance): ServerHost {
    const unfinished = Object.keys(data).length === 0;
    const inContainer = unfinished ? engine === 'docker' : data['host'] === 'docker';
    return this.hostFor(name, inContainer ? 'docker' : 'process');
  }
}

export const noDocker = (name: string): TfkError =>
  new TfkError('unavailable', `${name} belongs in a container, and this tfk has no Docker engine.`, {
    hint: 'Type tfk doctor, which says why.',
  });
