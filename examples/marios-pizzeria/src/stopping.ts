import { setTimeout as sleep } from 'node:timers/promises';

/** Aborts when the platform asks the process to end: SIGTERM, or Ctrl-C by hand. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

/** Resolves after `ms`, or as soon as the process is to stop. */
export async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
