/** Why a build was stopped from outside: the reason of its signal. */
export class BuildStopped extends Error {
  override readonly name = 'BuildStopped';
  constructor(readonly kind: 'cancelled' | 'interrupted') {
    super(kind === 'cancelled' ? 'The build was cancelled.' : 'tfkd was stopped while this build ran.');
  }
}

/** A build's turn. */
export interface Turn {
  readonly signal: AbortSignal;
  /** From here on the build can no longer be cancelled: its release is being made. */
  seal(): void;
}

interface Entry {
  readonly buildId: string;
  readonly appId: string;
  readonly stop: AbortController;
  /** Never rejects; answers how to tell the result to whoever added the build. */
  readonly start: () => Promise<() => void>;
  sealed: boolean;
}

/** One build per app at a time, a few apps side by side, in the order in which they came. */
export class BuildQueue {
  private waiting: Entry[] = [];
  private readonly running = new Map<string, Entry>();
  private readonly ends = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(private readonly concurrency: number) {}

  /**
   * Resolves with what `run` answers. `run` is called exactly once: when it is the build's turn, or at once and with an
   * aborted signal when the build is stopped before.
   */
  add<T>(
    build: { readonly buildId: string; readonly appId: string },
    run: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = {
        ...build,
        stop: new AbortController(),
        sealed: false,
        start: () =>
          run({ signal: entry.stop.signal, seal: () => (entry.sealed = true) }).then(
            (result) => () => resolve(result),
            (error: unknown) => () => reject(error instanceof Error ? error : new Error(String(error))),
          ),
      };
      if (this.stopped) entry.stop.abort(new BuildStopped('interrupted'));
      this.waiting.push(entry);
      this.pump();
    });
  }

  /** 0: it runs. n: it is the n-th that waits. Null: it is unknown, or has ended. */
  position(buildId: string): number | null {
    if (this.running.has(buildId)) return 0;
    const index = this.waiting.findIndex((entry) => entry.buildId === buildId);
    return index === -1 ? null : index + 1;
  }

  /** False when there is nothing to cancel: it is unknown, has ended, or its release is already being made. */
  cancel(buildId: string): boolean {
    const entry = this.running.get(buildId) ?? this.waiting.find((waiting) => waiting.buildId === buildId);
    if (entry === undefined || entry.sealed || entry.stop.signal.aborted) return false;
    entry.stop.abort(new BuildStopped('cancelled'));
    this.pump();
    return true;
  }

  /** Stops every build, and resolves when the last has ended. Later builds are stopped as they come. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const entry of [...this.running.values(), ...this.waiting]) {
      if (!entry.sealed) entry.stop.abort(new BuildStopped('interrupted'));
    }
    this.pump();
    while (this.ends.size > 0) await Promise.all(this.ends.values());
  }

  /** Cancels the builds of an app, and resolves when they have ended: all but one whose release is being made. */
  async clear(appId: string): Promise<void> {
    const own = [...this.running.values(), ...this.waiting].filter((entry) => entry.appId === appId);
    for (const { buildId } of own) this.cancel(buildId);
    const cancelled = own.filter(({ sealed }) => !sealed);
    await Promise.all(cancelled.flatMap(({ buildId }) => this.ends.get(buildId) ?? []));
  }

  private pump(): void {
    for (const entry of [...this.waiting]) {
      if (!entry.stop.signal.aborted && !this.hasTurn(entry)) continue;
      this.waiting = this.waiting.filter((other) => other !== entry);
      this.start(entry);
    }
  }

  private hasTurn(entry: Entry): boolean {
    const live = [...this.running.values()];
    return live.length < this.concurrency && live.every((other) => other.appId !== entry.appId);
  }

  private start(entry: Entry): void {
    this.running.set(entry.buildId, entry);
    const end = entry.start().then((tell) => {
      this.running.delete(entry.buildId);
      this.ends.delete(entry.buildId);
      this.pump();
      tell();
    });
    this.ends.set(entry.buildId, end);
  }
}
