import type { AddonService, NetworkAddress } from '../../addons/addon.js';
import type { AddonRecord, AttachmentRecord } from '../../store/addons.js';
import type { AppRecord } from '../../store/apps.js';

export interface AddonsService {
  services(): readonly AddonService[];
  /**
   * Resolves when the add-on answers, or after `waitMs` while it is still being provisioned. `confirm`, the app's name, lets the
   * attachment push out what has its name.
   */
  create(input: {
    readonly app: AppRecord;
    /** `postgres`, `postgres:local` or `heroku-postgresql:essential-0`. */
    readonly plan: string;
    readonly name: string | null;
    readonly attachment: string | null;
    readonly options: Readonly<Record<string, string>>;
    readonly confirm: string | null;
    readonly waitMs: number | null;
    readonly actor: string;
  }): Promise<AddonRecord>;
  rename(addon: AddonRecord, name: string): AddonRecord;
  changePlan(addon: AddonRecord, plan: string): AddonRecord;
  /** Resolves when the apps have releases with the new credentials; the former end with the last dyno that has them. */
  rotateCredentials(addon: AddonRecord, actor: string): Promise<void>;
  /** With its data, for ever. */
  destroy(addon: AddonRecord, actor: string): Promise<void>;
  attach(input: {
    readonly addon: AddonRecord;
    readonly app: AppRecord;
    readonly name: string | null;
    readonly confirm: string | null;
    readonly actor: string;
  }): Promise<AttachmentRecord>;
  detach(attachment: AttachmentRecord, actor: string): Promise<void>;
  /** Names of the config vars that the attachment gives its app. */
  configKeys(attachment: AttachmentRecord): readonly string[];
  /** Where programs on this machine reach the add-on; null while it is being made. */
  localAddress(addon: AddonRecord): NetworkAddress | null;
  facts(addon: AddonRecord): Promise<readonly (readonly [label: string, text: string])[]>;
}
