/** Where tfkd ends, whatever is not done soon is left to the next one, which does that before anything else. */
const LAST_MS = 2_000;

/** Does what has to be done at the end too: its signal aborts 2 seconds after `stop` does, also where that comes in the middle. */
export async function inLastSeconds<T>(
  stop: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const count = (): void => {
    timer = setTimeout(() => limit.abort(stop.reason), LAST_MS);
  };
  if (stop.aborted) count();
  else stop.addEventListener('abort', count, { once: true });
  try {
    return await work(limit.signal);
  } finally {
    stop.removeEventListener('abort', count);
    clearTimeout(timer);
  }
}
