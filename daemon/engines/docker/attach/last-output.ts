import { access } from 'node:fs/promises';
import type { Clock } from '../../../shared/clock.js';
import type { Stdio } from './stdio.js';

/** Well below the two seconds for which Docker waits for the readers of a process that has ended. */
const LOOK_EVERY_MS = 250;

/**
 * Docker gives up what a process has written last when nobody takes it within two seconds of its end, though its reader may
 * only be slow (`| less`). So, where the process can be seen from here, the rest is taken at once when it has ended: no more than
 * Docker's own buffers hold, one and a half MiB. `pidOf`: its id on this machine; 0 while Docker does not know it. Never rejects.
 */
export async function saveLastOutput(
  stdio: Stdio,
  pidOf: () => Promise<number>,
  clock: Clock,
): Promise<void> {
  const over = new AbortController();
  void stdio.ended.then(() => over.abort());
  for (let pid = 0; !over.signal.aborted;) {
    // Docker knows it a little later than the process itself.
    pid ||= await pidOf().catch(() => 0);
    if (pid !== 0 && stdio.stalled && !(await lives(pid))) {
      stdio.takeAll();
      return;
    }
    await clock.sleep(LOOK_EVERY_MS, over.signal);
  }
}

const lives = (pid: number): Promise<boolean> =>
  access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
