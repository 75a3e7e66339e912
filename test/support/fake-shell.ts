import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { DynoLine, DynoSignal } from '../../daemon/engines/engine.js';
import type { Clock } from '../../daemon/shared/clock.js';

export const SIGNAL_NUMBERS: Record<DynoSignal, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

export interface FakeProcess {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly stdin: Readable;
  /** Aborted when the process has ended otherwise. */
  readonly stopped: AbortController;
  ignoresTerm: boolean;
  print(line: string, stream: DynoLine['stream']): void;
  receive(signal: DynoSignal): void;
}

/** Runs the words that tests of engines use: `echo`, `seq`, `sleep`, `cat`, `trap`, `kill`, `exit`; anything else runs for ever. */
export async function runScript(process: FakeProcess): Promise<number> {
  // A process prints after start() has resolved, never before.
  await Promise.resolve();
  for (const statement of process.command.split(/;\s*/)) {
    if (process.stopped.signal.aborted) return 0;
    const [word = '', ...args] = statement.trim().split(/\s+/);
    if (word === 'exit') return Number(args[0] ?? 0);
    if (word === 'no-such-command') return 127;
    await runWord(process, word, args);
  }
  return 0;
}

async function runWord(process: FakeProcess, word: string, args: readonly string[]): Promise<void> {
  switch (word) {
    case 'echo':
      echo(process, args);
      return;
    case 'seq':
      for (let number = Number(args[0]); number <= Number(args[1]); number++)
        process.print(String(number), 'stdout');
      return;
    case 'sleep':
      return process.clock.sleep(Number(args[0]) * 1_000, process.stopped.signal);
    case 'cat':
      return copy(process);
    case 'trap':
      process.ignoresTerm = args.includes('TERM');
      return;
    case 'kill':
      process.receive(`SIG${(args[0] ?? '').slice(1)}` as DynoSignal);
      return;
    default:
      return new Promise<never>(() => undefined);
  }
}

function echo(process: FakeProcess, args: readonly string[]): void {
  const words = args.filter((word) => word !== '>&2').map((word) => word.replaceAll(/^["']|["']$/g, ''));
  const shown = words.map((word) => (word.startsWith('$') ? (process.env[word.slice(1)] ?? '') : word));
  process.print(shown.join(' '), args.includes('>&2') ? 'stderr' : 'stdout');
}

async function copy(process: FakeProcess): Promise<void> {
  const lines = (await text(process.stdin)).split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) process.print(line, 'stdout');
}
