/** `*` is any name or part of one, `?` any character. */
export const fitsName = (name: string, glob: string): boolean =>
  fits(Array.from(name), Array.from(glob), {
    any: '*',
    one: (character, wanted) => wanted === '?' || wanted === character,
  });

/** `**` is any number of folders. */
export const fitsPath = (path: string, glob: string): boolean =>
  fits(partsOf(path), partsOf(glob), { any: '**', one: fitsName });

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** Goes back to the last wildcard only, which is enough, and takes no more steps than items times pattern. */
function fits(
  items: readonly string[],
  pattern: readonly string[],
  { any, one }: { readonly any: string; readonly one: (item: string, wanted: string) => boolean },
): boolean {
  let at = 0;
  let next = 0;
  let back: { readonly next: number; at: number } | null = null;
  while (at < items.length) {
    const wanted = pattern[next];
    if (wanted === any) {
      back = { next: ++next, at };
    } else if (wanted !== undefined && one(items[at] ?? '', wanted)) {
      at += 1;
      next += 1;
    } else if (back !== null) {
      next = back.next;
      at = ++back.at;
    } else return false;
  }
  return pattern.slice(next).every((wanted) => wanted === any);
}
