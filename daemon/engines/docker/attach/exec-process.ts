import type Docker from 'dockerode';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../../shared/clock.js';
import type { DynoExit, DynoSignal, TerminalSize } from '../../engine.js';
import { statusOf } from '../answers.js';
import type { AttachedProcess } from './docker-attachment.js';
import { killCommand, signalCommand } from './exec-scripts.js';
import { asUnreachable, connectionLost, unlessEnded } from './failures.js';
import type { Stdio } from './stdio.js';

const FIRST_LOOK_MS = 20;
const SLOWEST_LOOK_MS = 1_000;

export interface ExecParts {
  readonly container: Docker.Container;
  readonly exec: Docker.Exec;
  /** Its id inside the container, and that of its group and session. */
  readonly leader: number;
  readonly stdio: Stdio;
  readonly clock: Clock;
}

/** A further process in a container: its own end is not the container's, and what it has started may outlive it. */
export class ExecProcess implements AttachedProcess {
  readonly leavesOthers = true;

  constructor(private readonly parts: ExecParts) {}

  async exit(): Promise<DynoExit> {
    const { error } = await this.parts.stdio.ended;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
      const state = await this.look();
      if (!state.running) return { code: state.code, outOfMemory: false, at: this.parts.clock.now() };
      if (error) throw connectionLost(error);
      await this.parts.clock.sleep(pause);
    }
  }

  async signal(signal: DynoSignal): Promise<void> {
    await unlessEnded(this.run(signalCommand(this.parts.leader, signal.slice('SIG'.length))));
  }

  resize({ columns, rows }: TerminalSize): Promise<void> {
    return unlessEnded(this.parts.exec.resize({ w: columns, h: rows }));
  }

  async kill(): Promise<void> {
    await unlessEnded(this.run(killCommand(this.parts.leader)));
  }

  /** Docker forgets a process some minutes after its end, or with its container: then nobody knows its code. */
  private async look(): Promise<{ running: boolean; code: number | null }> {
    try {
      const { Running: running, ExitCode: code } = await this.parts.exec.inspect();
      if (!running) return { running, code };
      // An engine that was cut off itself may take a process for running whose container has ended.
      return { running: (await this.parts.container.inspect()).State.Running, code: null };
    } catch (error) {
      if (statusOf(error) === 404) return { running: false, code: null };
      throw asUnreachable(error);
    }
  }

  /** Signals are sent from inside, by the same user: no other way works on any engine, near or far. */
  private async run(command: string[]): Promise<void> {
    const helper = await this.parts.container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
    const output = await helper.start({});
    output.resume();
    await finished(output, { writable: false });
  }
}
