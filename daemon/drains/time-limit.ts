/**
 * Does the work with a signal that aborts with the given one, or when the time is up; then the reason is an error that says
 * what did not happen. The work has to end when its signal aborts.
 */
export async function withinTime<T>(
  limit: { readonly signal: AbortSignal; readonly ms: number; readonly what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const stop = (): void => either.abort(limit.signal.reason);
  if (limit.signal.aborted) stop();
  limit.signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(
    () => either.abort(new Error(`${limit.what} within ${limit.ms / 1000} s`)),
    limit.ms,
  );
  try {
    return await work(either.signal);
  } finally {
    clearTimeout(timer);
    limit.signal.removeEventListener('abort', stop);
  }
}
