/** Words that mean something to the shell itself, so that there is no program to become. */
const SHELL_WORDS =
  /^(?:[.:!]|\[|alias|bg|break|case|cd|command|continue|eval|exec|exit|export|fg|for|getopts|hash|if|jobs|kill|local|read|readonly|return|set|shift|source|test|time|times|trap|type|ulimit|umask|unalias|unset|until|wait|while)$/;

/**
 * A plain command becomes the dyno's process itself: signals meet the app and not a shell before it, and its exit code is the
 * app's own. dash does not do that of itself. What needs a shell keeps it.
 */
export function inPlaceOfShell(command: string): string {
  const [word = ''] = command.trim().split(/\s/, 1);
  const plain = /^[A-Za-z0-9_./-]+$/.test(word) && !SHELL_WORDS.test(word) && !/[;&|<>(){}\n`]/.test(command);
  return plain ? `exec ${command.trim()}` : command;
}
