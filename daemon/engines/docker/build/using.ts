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
  /** What builds used that ended, or was said to be there, while a collection ran: its list of what to keep may be older. */
  private readonly relied = new Set<string>();
  private collecting = 0;

  start(buildId: string): Using {
    const keys = new Set<string>();
    const using: Using = {
      buildId,
      add: (key) => keys.add(key),
      end: () => {
        this.builds.delete(using);
        for (const key of keys) this.rely(key);
      },
    };
    this.builds.set(using, keys);
    return using;
  }

  /** Makes a collection that is under way leave this alone. */
  rely(key: string): void {
    if (this.collecting > 0) this.relied.add(key);
  }

  use(key: string): boolean {
    return this.relied.has(key) || [...this.builds.values()].some((keys) => keys.has(key));
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
      if (--this.collecting === 0) this.relied.clear();
    }
  }
}
