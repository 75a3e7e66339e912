type Json = Readonly<Record<string, unknown>>;

export interface Difference {
  readonly action: 'create' | 'update' | 'destroy';
  /** The resource now; of one that is gone, as it was last. */
  readonly data: Json;
  /** The properties that have changed, as they were before. */
  readonly previousData: Json;
}

/**
 * What became of a resource, from what clients saw of it before and see now. Null where they see the same: rows hold more
 * than the API tells, and a time of change alone is no change.
 */
export function differenceOf(before: Json | null, after: Json | null): Difference | null {
  if (before === null) return after && { action: 'create', data: after, previousData: {} };
  if (after === null) return { action: 'destroy', data: before, previousData: {} };
  const changed = Object.keys({ ...before, ...after }).filter(
    (key) => key !== 'updated_at' && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  if (changed.length === 0) return null;
  const previousData = Object.fromEntries(
    changed.filter((key) => key in before).map((key) => [key, before[key]]),
  );
  return { action: 'update', data: after, previousData };
}
