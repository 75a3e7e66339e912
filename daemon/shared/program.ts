/**
 * The program that a shell starts first for a command line, as far as that can be told without being a shell: behind assignments
 * and `exec`. Null where quotes, variables or a word of the shell's own stand there.
 */
export function programOf(command: string): string | null {
  const [, word = ''] =
    /^(?:[A-Za-z_]\w*=[^\s"'`$\\();|&<>]*\s+)*(?:exec\s+)?([^\s;|&<>]+)/.exec(command.trim()) ?? [];
  return /^[A-Za-z0-9_./@+-]+$/.test(word) && !SHELL_WORDS.test(word) ? word : null;
}

const SHELL_WORDS =
  /^(?:[.:!]|\[|alias|bg|break|case|cd|command|continue|eval|exec|exit|export|false|fg|for|getopts|hash|if|jobs|kill|local|read|readonly|return|set|shift|source|test|time|times|trap|true|type|ulimit|umask|unalias|unset|until|wait|while)$/;

/** Is it looked for in the app's own files, and nowhere else? */
export const isOwnProgram = (program: string): boolean =>
  program.includes('/') && !program.startsWith('/') && !program.split('/').includes('..');
