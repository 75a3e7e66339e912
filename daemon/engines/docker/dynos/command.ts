import type { DynoSpec } from '../../engine.js';
import { inPlaceOfShell } from '../../launch/plain-command.js';
import { quote } from '../../launch/quote.js';
import { sizingLine } from '../attach/options.js';
import { BECOMING } from '../launching.js';
import type { RunImage } from './image-facts.js';

/** Tells the container's init to pass signals on to the whole process group. Not the app's affair. */
export const WHOLE_GROUP = 'TINI_KILL_PROCESS_GROUP';

/**
 * A command that needs a shell runs under a second one, which outlives it: the inner shell dies of the group's SIGTERM at once,
 * and with it all else in the container would be killed, while the app behind it is still finishing its work. So the outer one
 * waits until nobody is left but init (1) and itself; tfkd kills them when their time is over. What it would say of the inner
 * shell's end (`Terminated`) is not the app's. Only a shell's own words are used, for images that have little else.
 */
const outliving = (inner: string): string => `trap : HUP INT QUIT TERM USR1 USR2
exec 3>&2 2>/dev/null
${inner} 2>&3 3>&-
code=$?
if [ "$code" -eq 143 ]; then
  while set -- /proc/[0-9]* && [ "$#" -gt 2 ] && sleep 0.05; do :; done
fi
exit "$code"`;

/** What the container runs: the command under a shell, in its own process group's lead; after what the image has for that. */
export function shellOf(
  { command, terminal }: Pick<DynoSpec, 'command' | 'terminal'>,
  { launching }: Pick<RunImage, 'launching'>,
): string[] {
  const prelude = `unset ${WHOLE_GROUP}\n${sizingLine(terminal)}`;
  const direct = inPlaceOfShell(command);
  if (direct === command) {
    const inner =
      launching === 'plain' ? '/bin/sh -c "$1"' : `/bin/sh -c ${quote(BECOMING[launching])} sh "$1"`;
    return ['/bin/sh', '-c', prelude + outliving(inner), 'sh', command];
  }
  if (launching === 'plain') return ['/bin/sh', '-c', prelude + direct];
  return ['/bin/sh', '-c', prelude + BECOMING[launching], 'sh', direct];
}
