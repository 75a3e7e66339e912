/** `KEY=value`, quoted so that a POSIX shell reads the value back as it is. */
export function shellPair(key: string, value: string): string {
  return `${key}=${shellWord(value)}`;
}

/** One word of a shell command. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command as it was typed: one word is a whole command line already, several are one word each. */
export function commandLine(words: readonly string[]): string {
  const [only] = words;
  return words.length === 1 && only !== undefined ? only : words.map(shellWord).join(' ');
}
