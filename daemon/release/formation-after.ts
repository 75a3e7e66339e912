import type { FormationRecord } from '../store/formation.js';

/** Quantities and sizes that app.json asks for at the first deploy. */
export type FormationWish = Readonly<Record<string, { readonly quantity?: number; readonly size?: string }>>;

const DEFAULT_SIZE = 'Standard-1X';

/** Formation entries which a release adds: what is there survives, `web` begins with one dyno, others with none. */
export function formationAfter(
  known: readonly FormationRecord[],
  draft: { readonly processTypes: Readonly<Record<string, string>>; readonly formation?: FormationWish },
): { type: string; quantity: number; size: string }[] {
  const have = new Set(known.map((entry) => entry.type));
  return Object.keys(draft.processTypes)
    .filter((type) => type !== 'release' && !have.has(type))
    .map((type) => {
      const wish = draft.formation?.[type];
      return { type, quantity: wish?.quantity ?? (type === 'web' ? 1 : 0), size: wish?.size ?? DEFAULT_SIZE };
    });
}
