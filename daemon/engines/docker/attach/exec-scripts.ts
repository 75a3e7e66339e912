import type { TerminalSize } from '../../engine.js';
import { inPlaceOfShell } from '../../launch/plain-command.js';
import { BECOMING, type Launching } from '../launching.js';
import { sizingLine } from './options.js';

/** What the image must have to be entered; the scripts use nothing but what every POSIX shell has built in. */
const SHELL = '/bin/sh';

/**
 * Says the process's id inside the container as its first line of output, then becomes the command. Docker starts each
 * further process as the leader of a session and process group of its own, so that the id is theirs too.
 */
export function launchCommand(
  command: string,
  terminal: TerminalSize | null,
  launching: Launching,
): string[] {
  const script = `unset TINI_KILL_PROCESS_GROUP\n${sizingLine(terminal)}echo "$$"\n${BECOMING[launching]}`;
  return [SHELL, '-c', script, SHELL, inPlaceOfShell(command)];
}

/** Sends a signal (`TERM`) to the process group. */
export const signalCommand = (leader: number, signal: string): string[] => [
  SHELL,
  '-c',
  `kill -s ${signal} -- -${leader}`,
];

/** Kills what lives of the session, and looks again, as what dies may have started more meanwhile. */
export const killCommand = (leader: number): string[] => [SHELL, '-c', KILL_SESSION, SHELL, `${leader}`];

/** In /proc/N/stat, the state, the parent, the group and the session follow the name in parentheses. */
const KILL_SESSION = `
session=$1
for round in 1 2 3 4 5; do
  found=
  for folder in /proc/[0-9]*; do
    { read -r line <"$folder/stat"; } 2>/dev/null || continue
    set -- \${line##*) }
    [ "$4" = "$session" ] && [ "$1" != Z ] || continue
    kill -s KILL "\${folder#/proc/}" 2>/dev/null && found=1
  done
  [ -n "$found" ] || exit 0
done`;
