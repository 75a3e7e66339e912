import type { EngineName } from '../../engines/engine.js';
import type { AddonData, AddonInstance, NetworkAddress, ProvisionRequest } from '../addon.js';

/** Where an add-on's server runs: as a process of this machine, or in a container. The methods are those of AddonService. */
export interface ServerHost {
  provision(request: ProvisionRequest): Promise<AddonData>;
  ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void>;
  open(addon: AddonInstance, engine: EngineName): Promise<AddonData>;
  /** Gives one that is there these credentials; a process is started again for it. */
  takeUp(addon: AddonInstance, wanted: AddonData): Promise<void>;
  /** Where dynos of that engine find it. Throws where they have no way to it. */
  addressFor(addon: AddonInstance, engine: EngineName): NetworkAddress;
  /** In words, where the server itself tells nothing. */
  status(addon: AddonInstance): Promise<string>;
  /** Room on the disk of its data, in bytes; null: it cannot be told. */
  freeBytes(addon: AddonInstance): Promise<number | null>;
  stop(addon: AddonInstance): Promise<void>;
  deprovision(addon: AddonInstance): Promise<void>;
}

/** `ready`: it speaks its protocol. `starting`: it does, and says "not yet". `silent`: nothing answers. */
export type Answer = 'ready' | 'starting' | 'silent';

/** What the record of an add-on keeps (encrypted, for its password); the port is its own for life. */
export type ServerCredentials = AddonData & { readonly port: number };

/** Ports that belong to add-ons, on whichever host they are. */
export type PortsInUse = () => Promise<ReadonlySet<number>>;
