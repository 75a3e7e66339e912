import { access } from 'node:fs/promises';
import type { Clock } from '../../../shared/clock.js';
import type { Stdio } from './stdio.js';

/** Well below the two seconds for which Docker waits for the readers of a process that has ended. */
const LOOK_EVERY_MS = 250;
/** More than what Docker's own buffers and the pipe hold. */
const LAST_BYTES = 2 * 1024 * 1024;

/**
 * Docker gives up what a process has written last when nobody takes it within two seconds of its end, though its reader may
 * only be slow (`| less`). So, where the process can be seen from here, the rest is taken at once when it has ended. `pidOf`: its
 * id on this machine; 0 while Docker does not know it. It does not answer during those two seconds: a process whose end came
 * before the first answer is known by that. Never rejects.
 */
export async function saveLastOutput(
  stdio: Stdio,
  pidOf: () => Promise<number>,
  clock: Clock,
): Promise<void> {
  const over = new AbortController();
  void stdio.ended.then(() => over.abort());
  let pid = 0;
  const asked = askedAgain(pidOf, clock, over.signal).then((answer) => (pid = answer));
  await Promise.race([asked, clock.sleep(2 * LOOK_EVERY_MS, over.signal)]);
  if (pid === 0 && stdio.stalled) stdio.takeAhead(LAST_BYTES);
  await asked;
  while (!over.signal.aborted) {
    if (stdio.stalled && !(await lives(pid))) {
      stdio.takeAhead(LAST_BYTES);
      return;
    }
    await clock.sleep(LOOK_EVERY_MS, over.signal);
  }
}

/** Docker knows it a little later than the process itself. */
async function askedAgain(pidOf: () => Promise<number>, clock: Clock, signal: AbortSignal): Promise<number> {
  for (;;) {
    const pid = await pidOf().catch(() => 0);
    if (pid !== 0 || signal.aborted) return pid;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

const lives = (pid: number): Promise<boolean> =>
  access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
