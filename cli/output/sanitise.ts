/**
 * Text from apps, builds and users reaches a terminal only through here: a control character could move the cursor, forge a
 * log prefix or write the clipboard. What is not printable is shown as an escape (`\x1b`), nothing is swallowed.
 */
const COLOUR = /\x1b\[[0-9;:]{0,64}m/g;
// C0 without the tab, DEL, C1, and the characters that turn the direction of writing around.
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const RESET = '\x1b[0m';

/** One line in which every control character, line ends too, is shown as an escape. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** As `visible`, for texts of several lines: their line ends stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** One line of foreign output for a terminal: its colours stay, and end with the line; all else is as `visible`. */
export function visibleWithColours(text: string, colours: boolean): string {
  let shown = '';
  let from = 0;
  let coloured = false;
  for (const match of text.matchAll(COLOUR)) {
    shown += visible(text.slice(from, match.index));
    if (colours) shown += match[0];
    coloured = colours;
    from = match.index + match[0].length;
  }
  shown += visible(text.slice(from));
  return coloured ? shown + RESET : shown;
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
