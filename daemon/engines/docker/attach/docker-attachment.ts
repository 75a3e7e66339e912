import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../../shared/clock.js';
import type { Logger } from '../../../shared/logger.js';
import type { Attachment, DynoExit, DynoSignal, TerminalSize } from '../../engine.js';
import type { Stdio } from './stdio.js';

/** Heroku's R16: how long a process may go on after its client has hung up. */
const HANGUP_GRACE_MS = 10_000;

/** What an attachment needs of the process behind it: a dyno, or a further process in one. */
export interface AttachedProcess {
  /** Can others that it has started outlive it? */
  readonly leavesOthers: boolean;
  /** Resolves when it has ended. Rejects with EngineUnreachable when Docker cannot tell any more. Called once. */
  exit(): Promise<DynoExit>;
  /** To its group; without effect when it has ended. */
  signal(signal: DynoSignal): Promise<void>;
  /** Without effect when it has ended. */
  resize(size: TerminalSize): Promise<void>;
  /** Ends it and the others; without effect when nothing is left. */
  kill(): Promise<void>;
}

/** The live stdio of a process in a container. */
export class DockerAttachment implements Attachment {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable | null;
  readonly exited: Promise<DynoExit>;
  private readonly ended = new AbortController();
  private closed = false;

  constructor(
    private readonly process: AttachedProcess,
    private readonly stdio: Stdio,
    private readonly parts: { readonly clock: Clock; readonly logger: Logger },
  ) {
    this.stdin = stdio.stdin;
    this.stdout = stdio.stdout;
    this.stderr = stdio.stderr;
    this.exited = this.untilExited();
    this.exited.catch(() => undefined);
  }

  async resize(size: TerminalSize): Promise<void> {
    if (this.stderr === null && !this.ended.signal.aborted) await this.process.resize(size);
  }

  async signal(signal: DynoSignal): Promise<void> {
    if (!this.ended.signal.aborted) await this.process.signal(signal);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const goesOn = !this.ended.signal.aborted;
    this.stdio.destroy();
    if (goesOn) this.hangUp().catch((error: unknown) => this.complain(error));
  }

  private async hangUp(): Promise<void> {
    await this.process.signal('SIGHUP').catch((error: unknown) => this.complain(error));
    await this.parts.clock.sleep(HANGUP_GRACE_MS, this.process.leavesOthers ? undefined : this.ended.signal);
    if (this.process.leavesOthers || !this.ended.signal.aborted) await this.process.kill();
  }

  private complain(error: unknown): void {
    this.parts.logger.warn({ err: error }, 'a process whose client has left could not be signalled');
  }

  private async untilExited(): Promise<DynoExit> {
    const outputs = [this.stdout, this.stderr].filter((stream) => stream !== null);
    const delivered = outputs.map((stream) => finished(stream).catch(() => undefined));
    try {
      const exit = await this.process.exit();
      this.ended.abort();
      await Promise.all(delivered);
      return exit;
    } finally {
      this.ended.abort();
      this.stdio.destroy();
    }
  }
}
