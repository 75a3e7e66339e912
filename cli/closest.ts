/** The candidates that `word` most likely is a slip of, best first: a third of its letters changed at most, or its beginning typed. */
export function closest(word: string, candidates: readonly string[], limit = 3): string[] {
  const typed = word.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: slips(typed, candidate.toLowerCase()) }))
    .filter(({ distance, candidate }) => distance <= allowed(typed, candidate))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** `Did you mean web or worker?`, or nothing. */
export function didYouMean(suggestions: readonly string[]): string | undefined {
  if (suggestions.length === 0) return undefined;
  const last = suggestions.at(-1) ?? '';
  const rest = suggestions.slice(0, -1);
  return `Did you mean ${rest.length === 0 ? last : `${rest.join(', ')} or ${last}`}?`;
}

function allowed(typed: string, candidate: string): number {
  return Math.max(1, Math.floor(Math.min(typed.length, candidate.length) / 3));
}

/** Edits between two words; two letters swapped count as one, since fingers do that. */
function slips(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next.push(
        Math.min(
          at(row, j - 1) + (same ? 0 : 1),
          at(row, j) + 1,
          at(next, j - 1) + 1,
          swapped ? at(before, j - 2) + 1 : Infinity,
        ),
      );
    }
    before = row;
    row = next;
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
