import type { FormationWish } from './formation-after.js';

/** What a release is made of, before it has a number. Null stands for "nothing would change". */
export interface Draft {
  readonly description: string;
  readonly slugId: string | null;
  /** The user's config vars, without those of the bindings. */
  readonly config: Readonly<Record<string, string>>;
  readonly processTypes: Readonly<Record<string, string>>;
  /** First deploy only: app.json's wishes. */
  readonly formation?: FormationWish;
}
