import type { Clock } from '../../../shared/clock.js';
import type { DockerClient } from '../client.js';

/** How long to leave a dockerd alone that could not say whether the container runs. */
const ASK_AGAIN_MS = 1_000;

/** Knows whether a container has ended. While dockerd is away it goes on asking. */
export class ContainerEnd {
  private readonly woken = new AbortController();
  private over = false;

  constructor(
    private readonly client: DockerClient,
    private readonly clock: Clock,
    private readonly containerId: string,
    /** Aborts when nobody wants to know any more. */
    readonly caller: AbortSignal,
  ) {}

  /** Exited with all its output written to its log, or removed. */
  hasEnded(): boolean {
    return this.over;
  }

  /** Has the caller lost interest? */
  isAborted(): boolean {
    return this.caller.aborted;
  }

  /** Aborts once the container has ended or the caller has lost interest. */
  get signal(): AbortSignal {
    return this.woken.signal;
  }

  /** Resolves when `signal` aborts; never rejects. */
  async watch(): Promise<void> {
    const wake = () => this.woken.abort();
    this.caller.addEventListener('abort', wake, { once: true });
    try {
      while (!this.caller.aborted && !this.woken.signal.aborted) {
        this.over = await this.waitForEnd();
        if (this.over) wake();
        else await this.clock.sleep(ASK_AGAIN_MS, this.woken.signal);
      }
      wake();
    } finally {
      this.caller.removeEventListener('abort', wake);
    }
  }

  /** Ends watching. */
  stop(): void {
    this.woken.abort();
  }

  private async waitForEnd(): Promise<boolean> {
    try {
      const container = (await this.client.api()).getContainer(this.containerId);
      await container.wait({ condition: 'not-running', abortSignal: this.woken.signal });
      return true;
    } catch (error) {
      return isGone(error);
    }
  }
}

/** Does dockerd know no such container any more, or is it being removed? */
export function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: unknown };
  return statusCode === 404 || statusCode === 409;
}
