import type { TerminalSize } from '../../engine.js';
import { inPlaceOfShell } from '../../launch/plain-command.js';
import { BECOME_COMMAND } from '../../launch/profile.js';
import { quote } from '../../launch/quote.js';

const END = '#complete';

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
    // Who could not say who it is, on a full disk, must not run: it would be started again.
    'echo "$$ $start $tty" >&4 || exit 98',
    'exec 4>&-',
    'eval "$payload"',
    BECOME_COMMAND,
  ].join('\n');
}

/** The environment and the command as the launcher reads them: shell text which ends in a mark, so that half of it is noticed. */
export function launchPayload(env: Readonly<Record<string, string>>, command: string): string {
  const exports = Object.entries(env).map(([name, value]) => `command export ${name}=${quote(value)}`);
  return [...exports, `set -- ${quote(inPlaceOfShell(command))}`, END].join('\n');
}
