import type Docker from 'dockerode';
import type { Clock } from '../../../shared/clock.js';
import type { DynoExit, DynoSignal, TerminalSize } from '../../engine.js';
import { statusOf } from '../answers.js';
import type { AttachedProcess } from './docker-attachment.js';
import { asUnreachable, connectionLost, unlessEnded } from './failures.js';
import type { Stdio } from './stdio.js';

/** How soon a wait that was cut off is begun again. */
const WAIT_AGAIN_MS = 1_000;
/** 128 + SIGKILL. A container that lost only a child to its memory limit counts as `OOMKilled` too. */
const KILLED = 137;

/** The first process of a container: its end is the container's. */
export class DynoProcess implements AttachedProcess {
  readonly leavesOthers = false;

  constructor(
    private readonly container: Docker.Container,
    private readonly stdio: Stdio,
    private readonly clock: Clock,
  ) {}

  exit(): Promise<DynoExit> {
    return Promise.race([this.untilExited(), this.unlessLost()]);
  }

  signal(signal: DynoSignal): Promise<void> {
    return unlessEnded(this.container.kill({ signal }));
  }

  resize({ columns, rows }: TerminalSize): Promise<void> {
    return unlessEnded(this.container.resize({ w: columns, h: rows }));
  }

  kill(): Promise<void> {
    return this.signal('SIGKILL');
  }

  private async untilExited(): Promise<DynoExit> {
    for (;;) {
      const outcome = await this.container.wait().then(codeOf, (error: unknown) => ({ error }));
      if (typeof outcome === 'number') return (await this.seenExit(outcome)) ?? this.exitNow(outcome);
      const seen = await this.seenExit(null);
      if (seen) return seen;
      // It runs, and only the wait was cut off; or Docker came back, and nobody has its stdio any more.
      const again = this.clock.sleep(WAIT_AGAIN_MS).then(() => null);
      if (await Promise.race([this.stdio.ended, again])) throw connectionLost(outcome.error);
    }
  }

  /** Settles only when the stdio was cut off. */
  private unlessLost(): Promise<DynoExit> {
    return new Promise((resolve, reject) => {
      void this.stdio.ended.then(async ({ error }) => {
        if (!error) return;
        const seen = await this.seenExit(null).catch(() => null);
        if (seen) resolve(seen);
        else reject(connectionLost(error));
      });
    });
  }

  /** As the container tells it; null while it runs. What it told before it was removed counts when it is gone. */
  private async seenExit(told: number | null): Promise<DynoExit | null> {
    try {
      const { State: state } = await this.container.inspect();
      if (state.Running) return null;
      const code = told ?? state.ExitCode;
      return { code, outOfMemory: state.OOMKilled && code === KILLED, at: Date.parse(state.FinishedAt) };
    } catch (error) {
      if (statusOf(error) === 404) return this.exitNow(told);
      throw asUnreachable(error);
    }
  }

  private exitNow(code: number | null): DynoExit {
    return { code, outOfMemory: false, at: this.clock.now() };
  }
}

const codeOf = ({ StatusCode }: { StatusCode: number }): number => StatusCode;
