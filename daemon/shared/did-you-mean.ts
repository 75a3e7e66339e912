/** Names close to `word`, the closest first, at most three: up to two letters changed (one in a short word), or begun alike. */
export function suggest(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase().slice(0, 100);
  if (wanted === '') return [];
  const allowed = wanted.length <= 4 ? 1 : 2;
  return candidates
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate.toLowerCase(), allowed) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function distanceOf(wanted: string, candidate: string, allowed: number): number {
  if (candidate === wanted) return 0;
  if (wanted.length >= 3 && candidate.startsWith(wanted)) return allowed;
  if (Math.abs(wanted.length - candidate.length) > allowed) return Infinity;
  return levenshtein(wanted, candidate);
}

/** Letters to insert, remove or change, or two neighbours that changed places: the commonest slip. */
function levenshtein(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(change, swap, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
