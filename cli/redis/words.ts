const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** A word in quotes, or a bare one; behind either comes a blank or the end. */
const WORD = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([^\s"']+))(?=\s|$)/y;

/** A line as redis-cli takes it apart: `SET "a key" 'it\'s' \x00`. Null: its quotes do not match. */
export function wordsIn(line: string): string[] | null {
  const words: string[] = [];
  const end = line.trimEnd().length;
  for (let at = 0; at < end; at = WORD.lastIndex) {
    WORD.lastIndex = at;
    const found = WORD.exec(line);
    if (!found) return null;
    const [, double, single, bare] = found;
    words.push(double === undefined ? (single?.replaceAll("\\'", "'") ?? bare ?? '') : unescaped(double));
  }
  return words;
}

const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex: string | undefined, letter: string = '') =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
