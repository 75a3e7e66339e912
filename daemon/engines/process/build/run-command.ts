import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../shared/errors.js';
import { LineSplitter } from '../../../shared/lines.js';
import type { Stream } from '../../build/buildpacks.js';
import { printable } from '../../build/printable.js';
import { send } from '../host/kill.js';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly line: (text: string, stream: Stream) => void;
  /** Called with the bytes of each piece of output. */
  readonly printed: (bytes: number) => void;
  /** Ends the command with all that it started. */
  readonly signal: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'unstartable'; readonly message: string };

const TERM_GRACE_MS = 2000;
/** For output that lies in the pipe still, after the command and its group are gone. */
const DRAIN_MS = 2000;

/**
 * Runs one command in a session and process group of its own. When this resolves, nobody of its group lives any more and its
 * output was delivered.
 */
export async function runCommand(command: Command): Promise<CommandEnd> {
  if (command.signal.aborted) return { kind: 'killed', by: 'SIGTERM' };
  const [program, ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = stopping(child);
  command.signal.addEventListener('abort', stop.begin, { once: true });
  const outputs = [deliver(child.stdout, 'stdout', command), deliver(child.stderr, 'stderr', command)];
  try {
    const end = await ending(child);
    killGroup(child, 'SIGKILL');
    await Promise.race([Promise.all(outputs), timeout(DRAIN_MS)]);
    return end;
  } finally {
    command.signal.removeEventListener('abort', stop.begin);
    stop.forget();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function ending(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'unstartable', message: messageOf(error) }));
    child.once('exit', (code, signal) => {
      resolve(code === null ? { kind: 'killed', by: signal ?? 'a signal' } : { kind: 'exited', code });
    });
  });
}

function stopping(child: ChildProcess): { begin: () => void; forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin: () => {
      killGroup(child, 'SIGTERM');
      timer = setTimeout(() => killGroup(child, 'SIGKILL'), TERM_GRACE_MS);
    },
    forget: () => clearTimeout(timer),
  };
}

function killGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid !== undefined) send(-child.pid, signal);
}

async function deliver(stream: Readable, name: Stream, { line, printed }: Command): Promise<void> {
  const lines = new LineSplitter();
  const show = (text: string) => line(printable(text), name);
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      printed(chunk.length);
      for (const text of lines.push(chunk)) show(text);
    });
    stream.once('error', () => resolve());
    stream.once('close', () => {
      for (const text of lines.end()) show(text);
      resolve();
    });
  });
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
