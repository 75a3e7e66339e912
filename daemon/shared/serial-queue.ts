/**
 * Runs jobs of one key one after the other, in the order in which they came; jobs of different keys run side by side.
 * A job that fails does not stop those behind it.
 */
export class SerialQueue {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Answers what the job answers, once it is its turn. */
  run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const result = before.then(job, job);
    const tail = result.catch(() => undefined);
    this.tails.set(key, tail);
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    return result;
  }

  busy(key: string): boolean {
    return this.tails.has(key);
  }
}
