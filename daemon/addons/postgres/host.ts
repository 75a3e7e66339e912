import type { EngineName } from '../../engines/engine.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';

/** Where a database's server runs: as a process of this machine, or in a container. The methods are those of AddonService. */
export interface DatabaseHost {
  provision(request: ProvisionRequest): Promise<AddonData>;
  ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void>;
  open(addon: AddonInstance, engine: EngineName): Promise<AddonData>;
  /** Where dynos of that engine find it. Throws where they have no way to it. */
  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress;
  /** In words, where the database itself tells nothing. */
  status(addon: AddonInstance): Promise<string>;
  stop(addon: AddonInstance): Promise<void>;
  deprovision(addon: AddonInstance): Promise<void>;
}

/** Ports that belong to databases, on whichever host they are. */
export type PortsInUse = () => Promise<ReadonlySet<number>>;
