/** What one running build relies on. */
export interface Using {
  readonly buildId: string;
  /** Of an image's key. */
  readonly add: (key: string) => void;
  readonly end: () => void;
}

/** Knows what running builds have made or found, so that a collection of garbage leaves it alone. */
export class RunningBuilds {
  private readonly builds = new Map<Using, Set<string>>();
  /** What builds used that ended while a collection ran: its list of what to keep may be older than they. */
  private readonly ended = new Set<string>();
  private collecting = 0;

  start(buildId: string): Using {
    const keys = new Set<string>();
    const using: Using = {
      buildId,
      add: (key) => keys.add(key),
      end: () => {
        this.builds.delete(using);
        if (this.collecting > 0) for (const key of keys) this.ended.add(key);
      },
    };
    this.builds.set(using, keys);
    return using;
  }

  use(key: string): boolean {
    return this.ended.has(key) || [...this.builds.values()].some((keys) => keys.has(key));
  }

  has(buildId: string): boolean {
    return [...this.builds.keys()].some((using) => using.buildId === buildId);
  }

  get none(): boolean {
    return this.builds.size === 0;
  }

  /** Runs a collection. */
  async during<T>(collection: () => Promise<T>): Promise<T> {
    this.collecting++;
    try {
      return await collection();
    } finally {
      if (--this.collecting === 0) this.ended.clear();
    }
  }
}
