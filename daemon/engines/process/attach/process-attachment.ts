import { execFile } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Clock } from '../../../shared/clock.js';
import type { Attachment, DynoExit, DynoSignal, TerminalSize } from '../../engine.js';
import { readFifo, tell, writeFifo } from './fifo.js';

const run = promisify(execFile);

/** Heroku's R16: how long a dyno may go on after its client has hung up. */
const HANGUP_GRACE_MS = 10_000;

/** What an attachment needs of the process behind it. */
export interface AttachedProcess {
  /** The folder of its FIFOs. */
  readonly run: string;
  readonly terminal: boolean;
  /** Resolves when it has ended. */
  exit(): Promise<DynoExit>;
  signal(signal: DynoSignal): Promise<void>;
  /** The path of its terminal; null when it has none (any more). */
  tty(): Promise<string | null>;
}

/** Takes the three FIFOs over from the shim, which has held them so that nothing was lost and nobody saw an end too early. */
export async function attachTo(target: AttachedProcess, clock: Clock): Promise<Attachment> {
  const [stdin, stdout, stderr] = await Promise.all([
    writeFifo(`${target.run}/in`),
    readFifo(`${target.run}/out`),
    readFifo(`${target.run}/err`),
  ]);
  await tell(`${target.run}/control`, 'attached');
  return new ProcessAttachment(target, clock, { stdin, stdout, stderr });
}

interface Streams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

class ProcessAttachment implements Attachment {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable | null;
  readonly exited: Promise<DynoExit>;
  private ended = false;

  constructor(
    private readonly target: AttachedProcess,
    private readonly clock: Clock,
    streams: Streams,
  ) {
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = target.terminal ? null : streams.stderr;
    // A dyno may close its stdin or end before it has read all: that is no error of ours.
    this.stdin.on('error', () => undefined);
    if (target.terminal) streams.stderr.resume();
    this.exited = this.untilExited(streams);
    this.exited.catch(() => undefined);
  }

  async resize(size: TerminalSize): Promise<void> {
    const tty = await this.target.tty();
    if (tty === null || this.ended) return;
    const args = ['-F', tty, 'cols', String(size.columns), 'rows', String(size.rows)];
    // The terminal may close between the two: there is nothing left to resize.
    await run('stty', args).catch(() => undefined);
  }

  async signal(signal: DynoSignal): Promise<void> {
    if (!this.ended) await this.target.signal(signal);
  }

  close(): void {
    this.stdin.destroy();
    this.stdout.destroy();
    this.stderr?.destroy();
    void this.hangUp().catch(() => undefined);
  }

  private async hangUp(): Promise<void> {
    await this.signal('SIGHUP');
    const gone = new AbortController();
    void this.target.exit().then(() => gone.abort());
    await this.clock.sleep(HANGUP_GRACE_MS, gone.signal);
    if (!gone.signal.aborted) await this.target.signal('SIGKILL');
  }

  private async untilExited(streams: Streams): Promise<DynoExit> {
    const delivered = [streams.stdout, streams.stderr].map((stream) =>
      finished(stream).catch(() => undefined),
    );
    const exit = await this.target.exit();
    this.ended = true;
    await Promise.all(delivered);
    this.stdin.destroy();
    return exit;
  }
}
