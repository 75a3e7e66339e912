import { spawn, type ChildProcess } from 'node:child_process';
import { TfkError } from '../shared/errors.js';
import { BuildFailure } from './failure.js';
import { faultOf, shownEnd, type ReaderEnd } from './reader-end.js';
import type { Question, Questions } from './reading/questions.js';
import type { Said } from './reading/said.js';

export interface ReadingLimits {
  /** For each question. */
  readonly milliseconds: number;
  readonly memoryMegabytes: number;
}

const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

/** Of what it says on stderr. */
const KEPT_BYTES = 1024;

/** Ends a program that nobody is left to end: the seconds are of processor time. The first limit ends it by SIGXCPU, which says so. */
const LIMITED = 'ulimit -S -t "$1"; ulimit -H -t "$2"; shift 2; exec "$@"';

/** Why the program was ended. */
type Ended = 'slow' | 'long' | null;

/** Asks a child process about one unpacked source, so that no source ever makes tfkd wait: see reading/main.ts. */
export class SourceReader {
  private readonly child: ChildProcess;
  private readonly answers: ((said: Said | null) => void)[] = [];
  private chunks: Buffer[] = [];
  private bytes = 0;
  private file: string | null = null;
  private ended: Ended = null;
  private said = Buffer.alloc(0);
  /** Null as long as it runs. */
  private end: ReaderEnd | null = null;

  /** The folder has to be there when the first question is asked. Whoever opens a reader closes it. */
  constructor(
    program: string,
    folder: string,
    private readonly limits: ReadingLimits,
    private readonly signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    // Three questions, and what comes between.
    const seconds = Math.ceil((limits.milliseconds * 4) / 1000);
    const node = [process.execPath, `--max-old-space-size=${limits.memoryMegabytes}`, program, folder];
    this.child = spawn('sh', ['-c', LIMITED, 'sh', String(seconds), String(seconds + 5), ...node], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (chunk: Buffer) => this.take(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.said = Buffer.concat([this.said, chunk]).subarray(-KEPT_BYTES);
    });
    this.child.once('error', ({ message }) => this.gone({ code: null, signal: null, said: message }));
    this.child.once('close', (code, signal) => this.gone({ code, signal, said: this.said.toString() }));
    signal.addEventListener('abort', this.kill, { once: true });
  }

  /**
   * Rejects with a BuildFailure where the source is at fault, also for what it does to who reads it; with a TfkError where the
   * program itself fails; or with the signal's reason.
   */
  async ask<Q extends Question>(question: Q, ask: Questions[Q]['ask']): Promise<Questions[Q]['answer']> {
    this.signal.throwIfAborted();
    this.file = null;
    const timer = setTimeout(() => this.stop('slow'), this.limits.milliseconds);
    try {
      const said = await this.answer(`${JSON.stringify({ question, ask })}\n`);
      this.signal.throwIfAborted();
      if (said !== null && 'answer' in said) return said.answer as Questions[Q]['answer'];
      throw said !== null && 'failure' in said ? failureFrom(said.failure) : this.died();
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.signal.removeEventListener('abort', this.kill);
    this.child.kill('SIGKILL');
  }

  private readonly kill = (): void => void this.child.kill('SIGKILL');

  private answer(question: string): Promise<Said | null> {
    return new Promise((resolve) => {
      this.answers.push(resolve);
      if (this.end !== null) this.gone(this.end);
      else this.child.stdin?.write(question);
    });
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.chunks.push(chunk);
    if (this.bytes > MOST_ANSWER_BYTES) this.stop('long');
    if (this.ended !== null || !chunk.includes('\n')) return;
    const heard = Buffer.concat(this.chunks);
    const end = heard.lastIndexOf('\n');
    const rest = heard.subarray(end + 1);
    this.chunks = [rest];
    this.bytes = rest.length;
    for (const line of heard.toString('utf8', 0, end).split('\n')) this.hear(line);
  }

  private hear(line: string): void {
    const said = parsed(line);
    if (said === null) {
      this.gone({ code: null, signal: null, said: `it says what is no answer: ${line.slice(0, 200)}` });
      this.kill();
    } else if ('reading' in said) this.file = said.reading;
    else this.answers.shift()?.(said);
  }

  private stop(why: Ended): void {
    this.ended ??= why;
    this.kill();
  }

  private gone(end: ReaderEnd): void {
    this.end ??= end;
    for (const answer of this.answers.splice(0)) answer(null);
  }

  private died(): Error {
    const { milliseconds, memoryMegabytes } = this.limits;
    const fault = this.ended ?? (this.end === null ? null : faultOf(this.end));
    if (fault === null) return failed(this.end);
    const why = {
      slow: `it takes more than ${milliseconds / 1000} s`,
      long: `what is to be said of it is more than ${MOST_ANSWER_BYTES / 1048576} MB`,
      memory: `it takes more than ${memoryMegabytes} MB of memory`,
      time: 'it takes more processor time than there is for it',
      killed: 'what reads it was ended by SIGKILL, as by a machine that runs out of memory',
    }[fault];
    const where = this.file === null ? '' : ` The last file that was read is ${this.file}.`;
    return new BuildFailure(
      'plan',
      `The source cannot be read: ${why}.${where}`,
      'Leave out what the app does not need, by .slugignore, and look at what is odd in that file.',
    );
  }
}

function parsed(line: string): Said | null {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return null;
  }
}

/** Nothing that a source does to it. */
const failed = (end: ReaderEnd | null): TfkError =>
  new TfkError(
    'internal_server_error',
    `The program that reads sources ${end === null ? 'is gone' : shownEnd(end)}.`,
    {
      hint: 'Was tfk changed or removed while it ran? Restart tfkd: `tfk daemon stop --keep-apps`, then push again.',
    },
  );

function failureFrom({ reason, message, hint }: Extract<Said, { failure: unknown }>['failure']): Error {
  return reason === 'internal' ? new Error(message) : new BuildFailure(reason, message, hint);
}
