// @ts-check
/** For how long browsers may keep a file without a question. */

const FOREVER = 'public, max-age=31536000, immutable';
const ASK_FIRST = 'no-cache';

/**
 * A file whose name holds a hash of its content never changes under that name; any other may with the next release, and its
 * ETag makes the question cheap. In folders that only bundlers write to, a name need look less like a hash.
 * @type {(name: string, hashedFolders: readonly string[]) => string}
 */
export function cacheControl(name, hashedFolders) {
  if (/\.html?$|^$/.test(name)) return ASK_FIRST;
  const bundled = hashedFolders.some((folder) => name.startsWith(`/${folder}/`));
  const base = name.slice(name.lastIndexOf('/') + 1);
  const hashed = base
    .split('.')
    .slice(0, -1)
    .some(
      (part, index) =>
        isHashed(part, index > 0) || (bundled && isBundled(part, /\.(?:m?js|css)\b/.test(base))),
    );
  return hashed ? FOREVER : ASK_FIRST;
}

/**
 * Hexadecimal anywhere; behind a separator also the capitals and digits of base32, or all letters. Always with letters and
 * digits, for dates and words are none.
 * @type {(part: string, separated: boolean) => boolean}
 */
function isHashed(part, separated) {
  const word = part.slice(part.lastIndexOf('-') + 1);
  if (/^(?=.*\d)(?=.*[a-f])[0-9a-f]{8,64}$/.test(word)) return true;
  if (!separated && word === part) return false;
  return (
    /^(?=.*\d)(?=.*[A-Z])[0-9A-Z]{8}$/.test(word) ||
    /^(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[0-9A-Za-z]{8,64}$/.test(word)
  );
}

/** Hashes without a digit too, and in code, which nobody names by hand there, with the signs of base64url. @type {(part: string, isCode: boolean) => boolean} */
function isBundled(part, isCode) {
  const [, word = ''] =
    (isCode ? /(?:^|[-.])([\w-]{8})$/ : /(?:^|[-.])([0-9A-Za-z]{8,64})$/).exec(part) ?? [];
  return (/\d/.test(word) && /[A-Za-z]/.test(word)) || (/[a-z]/.test(word) && /[A-Z]/.test(word));
}
