import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtProgram } from '../../support/built.js';

const program = builtProgram('cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is piped in; an empty pipe without it. */
  readonly stdin?: string | Buffer;
}

/** A compiled `tfk` that runs. */
export class RunningCli {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  constructor(readonly process: ChildProcessWithoutNullStreams) {
    process.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    process.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => {
      process.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits until stdout or stderr has this text. */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      const over = await Promise.race([this.ended.then(() => true), sleep(20, false)]);
      if (over && !this.stdout.includes(text) && !this.stderr.includes(text)) {
        throw new Error(`tfk ended without "${text}": ${this.stdout}${this.stderr}`);
      }
    }
  }
}

export function startCli(words: readonly string[], options: RunOptions): RunningCli {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: options.cwd ?? options.home,
    env: { PATH: process.env['PATH'], TFK_HOME: options.home, TZ: 'UTC', ...options.env },
  });
  return new RunningCli(child);
}

export async function runCli(words: readonly string[], options: RunOptions): Promise<Ended> {
  const cli = startCli(words, options);
  cli.process.stdin.on('error', () => undefined);
  cli.process.stdin.end(options.stdin ?? '');
  return cli.ended;
}

/** How a shell would start it, for tests behind `script`. */
export function cliCommand(words: readonly string[]): string {
  return [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
}
