// @ts-check
/**
 * A path of static.json: `*` is one part of a path or less, `**` any number of parts. All ways to match are followed at once, so
 * that no pattern takes more steps than it has wildcards for each character of a path: both come from outside.
 */
export class Pattern {
  /** @param {string} glob with its `/` in front */
  constructor(glob) {
    /** Text and wildcards in turn. */
    this.parts = glob.split(/(\*+)/);
  }

  /** @param {string} path @returns {boolean} */
  test(path) {
    let reached = new Uint8Array(path.length + 1);
    reached[0] = 1;
    for (const [index, part] of this.parts.entries()) {
      const next =
        index % 2 === 0 ? afterText(path, reached, part) : afterWildcard(path, reached, part !== '*');
      if (next === null) return false;
      reached = next;
    }
    return reached[path.length] === 1;
  }
}

/** Where one is behind the text; null: nowhere. @type {(path: string, reached: Uint8Array, text: string) => Uint8Array<ArrayBuffer> | null} */
function afterText(path, reached, text) {
  const next = new Uint8Array(path.length + 1);
  let found = false;
  for (let at = reached.indexOf(1); at >= 0; at = reached.indexOf(1, at + 1)) {
    if (!path.startsWith(text, at)) continue;
    next[at + text.length] = 1;
    found = true;
  }
  return found ? next : null;
}

/** Also behind a `/`, or not. @type {(path: string, reached: Uint8Array, overSlashes: boolean) => Uint8Array<ArrayBuffer>} */
function afterWildcard(path, reached, overSlashes) {
  const next = new Uint8Array(path.length + 1);
  let inside = false;
  for (let at = 0; at <= path.length; at++) {
    inside ||= reached[at] === 1;
    next[at] = inside ? 1 : 0;
    if (path[at] === '/' && !overSlashes) inside = false;
  }
  return next;
}
