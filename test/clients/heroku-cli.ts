import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { builtProgram } from '../support/built.js';
import type { Installation, Ran } from '../support/installation.js';
import { UNTRIED } from './command-table.js';

const BIN = fileURLToPath(new URL('node_modules/.bin', import.meta.url));

/** Longer than any command takes that is not stuck. */
const PATIENCE_MS = 60_000;

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds, after which the command is ended; for commands that go on for ever. */
  readonly endAfter?: number;
}

/** What is typed may depend on what is shown. */
type Answer = string | ((shown: string) => Promise<string>);
type Dialogue = readonly { readonly prompt: RegExp; readonly answer: Answer }[];

/** Heroku's own CLI as a user of this installation has it: `eval "$(tfk heroku:env)"`, and a home of its own. */
export class HerokuCli {
  /** Where the commands run, and what is their user's home. */
  readonly folder = mkdtempSync(join(tmpdir(), 'tfk-heroku-'));
  private readonly record = inject('commandRecord');

  private constructor(private readonly variables: Readonly<Record<string, string>>) {
    mkdirSync(join(this.folder, 'home'));
  }

  static async of(installation: Installation): Promise<HerokuCli> {
    return new HerokuCli(JSON.parse(await installation.ok('heroku:env', '--json')) as Record<string, string>);
  }

  /** `run('ps:scale', 'web=2', '-a', 'demo')`; whatever the exit code. */
  async run(...args: string[]): Promise<Ran> {
    return this.runWith({}, ...args);
  }

  async runWith(options: RunOptions, ...args: string[]): Promise<Ran> {
    const result = await execa(join(BIN, 'heroku'), args, {
      cwd: options.cwd ?? this.folder,
      env: { ...this.environment, ...options.env },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.endAfter === undefined
        ? { timeout: PATIENCE_MS }
        : { timeout: options.endAfter, killSignal: 'SIGINT' as const }),
    });
    return { code: result.exitCode ?? 128, stdout: result.stdout, stderr: result.stderr };
  }

  /** It has to succeed; answers what it printed on stdout. */
  async ok(...args: string[]): Promise<string> {
    return (await this.succeeds(...args)).stdout;
  }

  async succeeds(...args: string[]): Promise<Ran> {
    const ran = await this.run(...args);
    if (ran.code !== 0)
      throw new Error(`heroku ${args.join(' ')} exited with ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    this.note(args[0] ?? '');
    return ran;
  }

  /** The command did what it should, though its success is not an exit code of 0: counted as working. */
  note(command: string): void {
    appendFileSync(this.record, `${command}\n`);
  }

  /** Something that it needs is not on this machine; the documentation keeps what it says of it. */
  cannotBeTried(command: string): void {
    appendFileSync(this.record, `${UNTRIED}${command}\n`);
  }

  /** On a terminal of 24 × 80: each answer is typed once its prompt is seen; stdout is what the terminal showed. */
  onTerminal(dialogue: Dialogue, ...args: string[]): Promise<Ran> {
    return this.onTerminalWith({}, dialogue, ...args);
  }

  onTerminalWith(env: Readonly<Record<string, string>>, dialogue: Dialogue, ...args: string[]): Promise<Ran> {
    const words = [join(BIN, 'heroku'), ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const terminal = spawn('script', ['-qec', `stty rows 24 cols 80; ${words.join(' ')}`, '/dev/null'], {
      cwd: this.folder,
      env: { ...this.environment, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const left = [...dialogue];
    let unseen = '';
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      unseen += text;
      const next = left[0];
      if (!next?.prompt.test(unseen)) return;
      left.shift();
      unseen = '';
      if (typeof next.answer === 'string') terminal.stdin.write(next.answer);
      else void next.answer(shown).then((answer) => terminal.stdin.write(answer));
    });
    const patience = setTimeout(() => terminal.kill('SIGHUP'), PATIENCE_MS);
    return new Promise((resolve, reject) => {
      terminal.once('error', reject);
      terminal.once('close', (code) => {
        clearTimeout(patience);
        resolve({ code: code ?? -1, stdout: shown, stderr: '' });
      });
    });
  }

  /** What its user's shell has exported. */
  get environment(): Record<string, string> {
    return {
      ...this.variables,
      PATH: [
        BIN,
        dirname(builtProgram('bin/tfk')),
        dirname(process.execPath),
        process.env['PATH'] ?? '',
      ].join(delimiter),
      HOME: join(this.folder, 'home'),
      TMPDIR: tmpdir(),
      NO_COLOR: '1',
      COLUMNS: '200',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_TERMINAL_PROMPT: '0',
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
