import type { Writable } from 'node:stream';
import type { EngineName } from '../engines/engine.js';
import type { Content } from './backups/content.js';

/** An add-on service: how to make, wait for, describe and remove a backing service (twelve-factor IV). */
export interface AddonService {
  /** `postgres` */
  readonly name: string;
  readonly humanName: string;
  /** `heroku-postgresql`: what Heroku's clients call it, and look for in its add-ons and plans. */
  readonly herokuName: string;
  /** The name of the attachment when the user gives none: `DATABASE` makes `DATABASE_URL`. */
  readonly defaultAttachment: string;
  readonly plans: readonly AddonPlan[];

  /**
   * Makes the service and resolves when it answers. May be repeated after a crash with the same id: then it goes on where it
   * stopped. Progress is for the user's eyes. On failure nothing is left.
   */
  provision(request: ProvisionRequest): Promise<ProvisionedAddon>;
  /** Is it up? If not, it is started again. Called on the daemon's start and from time to time; may be repeated. */
  ensureRunning(addon: AddonInstance, signal?: AbortSignal): Promise<void>;
  /**
   * Lets dynos of that engine in, those of `addon.apps` above all, and answers the add-on's data from now on. Called before a
   * release names it to them; may be repeated. Rejects with `unavailable` where they cannot reach it.
   */
  open(addon: AddonInstance, engine: EngineName): Promise<AddonData>;
  /**
   * The config vars of an attachment of that name, e.g. `{ DATABASE_URL: 'postgres://…' }`, as a dyno of that engine reaches it.
   * Their names are the same for all engines.
   */
  configVars(addon: AddonInstance, attachment: string, engine: EngineName): Readonly<Record<string, string>>;
  /** Their names alone, also of an add-on that is yet to be made. */
  configKeys(attachment: string): readonly string[];
  /** Where programs on this machine reach it. */
  localAddress(addon: AddonInstance): NetworkAddress;
  /** How its credentials are changed; absent: they stay as they are. */
  readonly rotation?: CredentialRotation;
  /** How its data is backed up; absent: it is not. */
  readonly backups?: AddonBackups;
  /** Ordered label → text pairs for `addons:info`. Without secrets. */
  describe(addon: AddonInstance): Promise<readonly (readonly [label: string, text: string])[]>;
  /** Stops the server and keeps its data. */
  stop(addon: AddonInstance): Promise<void>;
  /** Stops the server and removes its data, for ever. May be repeated; `data` is empty where `provision` did not end. */
  deprovision(addon: AddonInstance): Promise<void>;
}

/** New credentials in two steps, so that no dyno is ever without valid ones. Each may be repeated after a crash. */
export interface CredentialRotation {
  /**
   * Sees to it that there are others beside those of `addon.data`, which go on, and answers the data that names them. Where the
   * answer is lost, nobody has noticed anything.
   */
  begin(addon: AddonInstance): Promise<AddonData>;
  /**
   * Ends those of `former`, and the connections that were made with them; those of `addon.data` go on. Answers the data from then
   * on.
   */
  end(addon: AddonInstance, former: AddonData): Promise<AddonData>;
}

/** Calls for one add-on are made one after the other. */
export interface AddonBackups {
  /** Sees to it that the rest can be done, and answers the add-on's data from now on. */
  prepare(addon: AddonInstance): Promise<AddonData>;
  /** Does its server say anything? Known within seconds; never rejects. */
  answers(addon: AddonInstance): Promise<boolean>;
  /** Bytes that its data takes: a backup of it takes no more. */
  sizeOf(addon: AddonInstance): Promise<number>;
  /** Writes all data as of one moment, while others go on writing; ends `output`, and answers what is in it. */
  capture(addon: AddonInstance, output: Writable, signal: AbortSignal): Promise<Content>;
  /** Restores the file beside the data, and answers in words what is not as in `content`; nothing is left of it. */
  prove(
    addon: AddonInstance,
    file: string,
    content: Content,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /**
   * Puts what is in the file in the place of all data, at once, or changes nothing: what was restored is shown to `accept` before,
   * which throws where it will not do. Connections are cut then.
   */
  restore(
    addon: AddonInstance,
    file: string,
    accept: (found: Content) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Of a restore that was cut short, until `cleanUp`: had it come to its end? Soon after the signal it is not waited for. */
  wasRestored(addon: AddonInstance, signal: AbortSignal): Promise<boolean>;
  /** Removes what jobs have left that were cut short, and the data that was replaced. Soon after the signal it is not waited for. */
  cleanUp(addon: AddonInstance, signal: AbortSignal): Promise<void>;
  /** The same without the data that was replaced: `wasRestored` tells still. */
  dropUnfinished(addon: AddonInstance, signal: AbortSignal): Promise<void>;
}

export interface AddonPlan {
  /** `postgres:local`; `postgres:essential-0`, which Heroku's users type, means the same here. */
  readonly name: string;
  readonly description: string;
  readonly isDefault: boolean;
}

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

export interface ProvisionRequest {
  /** The add-on's UUID: names its folder, container and volume. */
  readonly id: string;
  /** `postgresql-curved-12345` style, unique. */
  readonly name: string;
  readonly plan: string;
  /** Of the app that it is for: decides where the service runs. */
  readonly engine: EngineName;
  /** As in AddonInstance. */
  readonly apps: readonly string[];
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Plain JSON that finds the service again; stored encrypted, since it holds its password. */
export type AddonData = Readonly<Record<string, string | number>>;

export interface ProvisionedAddon {
  readonly data: AddonData;
}

export interface AddonInstance {
  readonly id: string;
  readonly name: string;
  /** By which containers find it. */
  readonly hostName: string;
  readonly plan: string;
  readonly data: AddonData;
  /** Of the app that owns it. */
  readonly engine: EngineName;
  /** Ids of the apps it is attached to that have, or will have, dynos in containers. */
  readonly apps: readonly string[];
}
