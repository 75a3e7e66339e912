import { watch } from 'node:fs';
import type { Clock } from './clock.js';

/** How long to sleep where the system has no watch left to give. */
const UNTOLD_MS = 100;

export interface FolderWait {
  readonly folder: string;
  /** Resolves by then at the latest, even when nothing was told. */
  readonly atMostMs: number;
  /** Looked at once the watch stands: has it happened before? */
  readonly missed: () => Promise<boolean>;
  readonly signal?: AbortSignal;
}

/** Resolves when something in the folder changed, or soon after; also when the signal aborts or the folder goes away. */
export async function untilFolderChanges(wait: FolderWait, clock: Clock): Promise<void> {
  const asleep = new AbortController();
  const wake = () => asleep.abort();
  wait.signal?.addEventListener('abort', wake, { once: true });
  const unwatch = watchFolder(wait.folder, wake);
  try {
    if (wait.signal?.aborted || (await wait.missed())) return;
    await clock.sleep(unwatch ? wait.atMostMs : Math.min(UNTOLD_MS, wait.atMostMs), asleep.signal);
  } finally {
    unwatch?.();
    wait.signal?.removeEventListener('abort', wake);
  }
}

function watchFolder(folder: string, changed: () => void): (() => void) | null {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', changed);
    return () => watcher.close();
  } catch {
    return null;
  }
}
