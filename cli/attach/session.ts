import type { Duplex } from 'node:stream';
import { encodeClientFrame, FrameReader, type ClientFrame, type ServerFrame } from '../../api/attach.js';
import type { Context } from '../context.js';
import { EXIT, Interrupted, UserError } from '../errors.js';
import type { Output } from '../output/output.js';

type ExitFrame = Extract<ServerFrame, { kind: 'exit' }>;

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Ctrl-C this often, and we leave a command that does not heed it. */
const PATIENCE = 3;

/**
 * Ties this process's ends to a process in a dyno: stdin there, stdout and stderr here, signals and sizes there, and answers
 * its exit code. With a terminal, stdin is raw: Ctrl-C is a byte like others.
 */
export class AttachSession {
  readonly #reader = FrameReader.ofServer();
  readonly #undo: (() => void)[] = [];
  #ended = false;

  constructor(
    private readonly context: Context,
    private readonly socket: Duplex,
    private readonly terminal: boolean,
  ) {}

  /** `head` is what arrived with the upgrade already. */
  async run(head: Buffer): Promise<number> {
    this.socket.on('error', () => undefined);
    const left = this.#passSignals();
    this.#passStdin();
    if (this.terminal) this.#passSizes();
    try {
      return this.#codeOf(await Promise.race([this.#untilExit(head), left]));
    } finally {
      this.#ended = true;
      for (const undo of this.#undo) undo();
      this.socket.destroy();
    }
  }

  /** Slow readers of our stdout slow the socket, and so the process. */
  async #untilExit(head: Buffer): Promise<ExitFrame> {
    const exit = await this.#shown(head);
    if (exit) return exit;
    try {
      for await (const chunk of this.socket) {
        const ended = await this.#shown(chunk as Buffer);
        if (ended) return ended;
      }
    } catch (cause) {
      throw this.#lost(cause);
    }
    throw this.#lost();
  }

  async #shown(chunk: Buffer): Promise<ExitFrame | null> {
    for (const frame of this.#reader.push(chunk)) {
      if (frame.kind === 'exit') return frame;
      await this.context.output.write(frame.kind, frame.data);
    }
    return null;
  }

  #codeOf(exit: ExitFrame): number {
    const { output } = this.context;
    if (exit.outOfMemory) output.warn('It was ended for taking more memory than its size has (R15).');
    if (exit.message !== undefined) output.warn(exit.message);
    return exit.code ?? EXIT.failed;
  }

  #send(frame: ClientFrame): boolean {
    return this.#ended || this.socket.destroyed || this.socket.write(encodeClientFrame(frame));
  }

  #passStdin(): void {
    const { stdin } = this.context;
    const onData = (data: Buffer): void => {
      if (this.#send({ kind: 'stdin', data })) return;
      stdin.pause();
      this.socket.once('drain', () => stdin.resume());
    };
    const onEnd = (): void => void this.#send({ kind: 'stdin-end' });
    if (this.terminal) stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.once('end', onEnd);
    stdin.once('error', onEnd);
    this.#undo.push(() => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
      if (this.terminal) stdin.setRawMode(false);
    });
  }

  #passSizes(): void {
    const send = (): void => {
      const size = terminalSize(this.context.output);
      this.#send({ kind: 'resize', ...size });
    };
    this.#undo.push(this.context.onSignal('SIGWINCH', send));
    send();
  }

  /** Never resolves; rejects when the user wants to leave without an answer. */
  #passSignals(): Promise<never> {
    return new Promise((_, leave) => {
      let interrupts = 0;
      for (const name of PASSED_ON) {
        const pass = (): void => {
          this.#send({ kind: 'signal', name });
          if (name === 'SIGINT') interrupts += 1;
          if (interrupts === PATIENCE)
            leave(new Interrupted('Left; the command may still run.', 'Type: tfk ps'));
        };
        this.#undo.push(this.context.onSignal(name, pass));
      }
    });
  }

  #lost(cause?: unknown): UserError {
    return new UserError('The connection was lost before the command ended; it may still run.', {
      hint: 'Type: tfk ps, or tfk logs',
      cause,
    });
  }
}

export function terminalSize(output: Output): { columns: number; rows: number } {
  return { columns: output.stdout.columns || 80, rows: output.stdout.rows || 24 };
}
