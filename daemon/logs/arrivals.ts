/** Who waits for the next lines of an app. Lines cost an app for which nobody waits one look into a map. */
export class Arrivals {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Resolves when lines of the app arrive, when the app is gone, or when the signal aborts. */
  next(appId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const waiting = this.waiting.get(appId) ?? new Set();
      this.waiting.set(appId, waiting);
      const resume = (): void => {
        signal.removeEventListener('abort', resume);
        waiting.delete(resume);
        if (waiting.size === 0 && this.waiting.get(appId) === waiting) this.waiting.delete(appId);
        resolve();
      };
      waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  }

  tell(appId: string): void {
    for (const resume of [...(this.waiting.get(appId) ?? [])]) resume();
  }
}
