import { TfkError } from '../../../shared/errors.js';
import type { TerminalSize } from '../../engine.js';

/** Linux takes no single string of an environment beyond this (MAX_ARG_STRLEN), its ending NUL included. */
const LONGEST_VARIABLE = 128 * 1024 - 1;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const END = '#complete';

/** As one word of a POSIX shell, whatever it holds. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * What the shim starts as the dyno's own user, in the app's root: reads the payload, says who it is, takes on the
 * environment, and becomes the command.
 */
export function launcherScript(terminal: TerminalSize | null): string {
  return [
    'payload=$(cat <&3) || exit 98',
    'exec 3<&-',
    `case $payload in *${quote(END)}) ;; *) exit 98 ;; esac`,
    ...(terminal ? [`stty cols ${terminal.columns} rows ${terminal.rows}`, 'tty=$(tty)'] : ['tty=']),
    'if read -r stat 2>/dev/null </proc/$$/stat; then set -- ${stat##*) }; start=${20}',
    "else start=$(ps -o lstart= -p $$ | tr -s ' ' _); fi",
    'unset SHELL',
    'umask 022',
    'echo "$$ $start $tty" >&4',
    'exec 4>&-',
    'eval "$payload"',
    'exec /bin/sh -c "$1"',
  ].join('\n');
}

/** The environment and the command as the launcher reads them: shell text which ends in a mark, so that half of it is noticed. */
export function launchPayload(env: Readonly<Record<string, string>>, command: string): string {
  const exports = Object.entries(env).map(([name, value]) => `command export ${name}=${quote(value)}`);
  return [...exports, `set -- ${quote(inPlaceOfShell(command))}`, END].join('\n');
}

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

/** Rejects what no process on this system could be given. The message never holds a value. */
export function checkLaunchable(env: Readonly<Record<string, string>>, command: string): void {
  if (command.includes('\0')) throw unlaunchable('its command holds a NUL byte');
  for (const [name, value] of Object.entries(env)) {
    if (!NAME.test(name))
      throw unlaunchable(`${JSON.stringify(name)} is no name for an environment variable`);
    if (value.includes('\0')) throw unlaunchable(`the value of ${name} holds a NUL byte`);
    if (Buffer.byteLength(value) + name.length + 1 > LONGEST_VARIABLE) {
      throw unlaunchable(`the value of ${name} is longer than the system's limit of 128 KiB`);
    }
  }
}

function unlaunchable(why: string): TfkError {
  return new TfkError('invalid_params', `The dyno cannot be started: ${why}.`, {
    hint: 'Change it with `tfk config:set` or in the Procfile; the dyno is started again at once.',
  });
}
