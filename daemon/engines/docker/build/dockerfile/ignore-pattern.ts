/** What may come next in a path; `folders` and `within` together are any number of folders with the `/` after them. */
type Token =
  | { readonly kind: 'one'; readonly is: (character: string) => boolean }
  | { readonly kind: 'name' | 'all' | 'folders' | 'within' };

/** `**` is any number of folders, `*` and `?` stay inside a name, `[a-z]` and `\` are as in a shell. */
const TOKEN = /\*\*\/?|\*|\?|\[(?:\\.|[^\]\\])+\]|\\(.)|[^]/gsu;

/**
 * One pattern of a .dockerignore. It follows all ways to match at once, so that no pattern takes longer than its length times
 * the path's: whoever wrote it is not trusted.
 */
export class IgnorePattern {
  private readonly tokens: readonly Token[];

  /** Throws for a pattern that Docker refuses. */
  constructor(pattern: string) {
    this.tokens = [...pattern.matchAll(TOKEN)].flatMap((match) => tokensOf(match, pattern));
  }

  /** Does it match the path, or a folder above it? */
  matches(path: string): boolean {
    const end = this.tokens.length;
    let reached = this.from([0]);
    for (const character of path.split('')) {
      if (character === '/' && reached.has(end)) return true;
      reached = this.after(reached, character);
      if (reached.size === 0) return false;
    }
    return reached.has(end);
  }

  private after(reached: ReadonlySet<number>, character: string): Set<number> {
    const next: number[] = [];
    for (const at of reached) {
      const token = this.tokens[at];
      if (token === undefined) continue;
      if (token.kind === 'one' && token.is(character)) next.push(at + 1);
      else if (token.kind === 'all' || (token.kind === 'name' && character !== '/')) next.push(at);
      else if (token.kind === 'within') next.push(...(character === '/' ? [at, at + 1] : [at]));
    }
    return this.from(next);
  }

  /** With the places that are reached without a further character. */
  private from(places: readonly number[]): Set<number> {
    const reached = new Set(places);
    // A set is walked to its end, with what is added on the way.
    for (const at of reached) {
      const kind = this.tokens[at]?.kind;
      if (kind === 'name' || kind === 'all' || kind === 'folders') reached.add(at + 1);
      if (kind === 'folders') reached.add(at + 2);
    }
    return reached;
  }
}

function tokensOf({ 0: token, 1: escaped, index }: RegExpMatchArray, pattern: string): Token[] {
  if (token.startsWith('**')) {
    const isLast = (index ?? 0) + token.length === pattern.length;
    return isLast ? [{ kind: 'all' }] : [{ kind: 'folders' }, { kind: 'within' }];
  }
  if (token === '*') return [{ kind: 'name' }];
  if (token === '?') return [{ kind: 'one', is: (character) => character !== '/' }];
  if (token.length > 1 && token.startsWith('[')) return [classOf(token)];
  if (token === '[' || token === '\\') throw new Error('an open pattern');
  return (escaped ?? token)
    .split('')
    .map((literal) => ({ kind: 'one', is: (character) => character === literal }));
}

/** In a class only `^`, ranges and `\` have a meaning. */
function classOf(token: string): Token {
  const expression = new RegExp(`^[${token.slice(1, -1).replaceAll('[', '\\[')}]$`, 's');
  return { kind: 'one', is: (character) => expression.test(character) };
}
