import type { Binding, ReleaseRecord } from '../store/releases.js';
import type { FormationWish } from './formation-after.js';

/** What a release is made of, before it has a number. */
export interface Draft {
  readonly description: string;
  readonly slugId: string | null;
  /** The user's config vars, without those of the bindings. */
  readonly config: Readonly<Record<string, string>>;
  readonly processTypes: Readonly<Record<string, string>>;
  /** First deploy only: app.json's wishes. */
  readonly formation?: FormationWish;
}

/** From the current release, and what the add-ons give now, to the next one; null: nothing would change. */
export type MakeDraft = (current: ReleaseRecord, attached: Attached) => Draft | null;

/** What the add-ons attached to an app give it. */
export interface Attached {
  readonly bindings: readonly Binding[];
  readonly vars: Readonly<Record<string, string>>;
}

export interface DeployedSlug {
  readonly id: string;
  readonly processTypes: Readonly<Record<string, string>>;
  readonly description: string;
  /** What app.json wishes for the app's first code; later deploys leave it to the user. */
  readonly firstDeploy: {
    readonly formation: FormationWish;
    readonly config: Readonly<Record<string, string>>;
  };
}

export interface PromotedSlug extends Pick<DeployedSlug, 'id' | 'processTypes' | 'description'> {
  readonly engine: string;
}

/** The config without what the add-ons gave. */
export function ownConfig(release: ReleaseRecord): Record<string, string> {
  const bound = new Set(release.bindings.flatMap((binding) => binding.keys));
  return Object.fromEntries(Object.entries(release.config).filter(([key]) => !bound.has(key)));
}
