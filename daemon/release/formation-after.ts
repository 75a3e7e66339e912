import type { FormationRecord } from '../store/formation.js';

/** Quantities and sizes that app.json asks for at the first deploy. */
export type FormationWish = Readonly<Record<string, { readonly quantity?: number; readonly size?: string }>>;

const DEFAULT_SIZE = 'Standard-1X';

/**
 * Formation entries which a release adds: what is there survives, `web` begins with one dyno, others with none. `release` is
 * among them, as on Heroku, whose clients see by it that there is a release command; it never has a dyno of the formation.
 */
export function formationAfter(
  known: readonly FormationRecord[],
  draft: { readonly processTypes: Readonly<Record<string, string>>; readonly formation?: FormationWish },
): { type: string; quantity: number; size: string }[] {
  const have = new Set(known.map((entry) => entry.type));
  return Object.keys(draft.processTypes)
    .filter((type) => !have.has(type))
    .map((type) => {
      const wish = draft.formation?.[type];
      return { type, quantity: quantityOf(type, wish?.quantity), size: wish?.size ?? DEFAULT_SIZE };
    });
}

function quantityOf(type: string, wished: number | undefined): number {
  if (type === 'release') return 0;
  return wished ?? (type === 'web' ? 1 : 0);
}
