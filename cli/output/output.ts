import type { Config } from '../config.js';
import { Paint } from './colour.js';
import { visible, visibleLines } from './sanitise.js';

export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/**
 * The only writer of stdout and stderr: data goes to stdout, progress to stderr. What prints a command's last words answers
 * 0, its exit code then.
 */
export class Output {
  readonly out: Paint;
  readonly err: Paint;
  /** An action's line that waits for its end: other progress breaks it. */
  #unfinished = false;

  constructor(
    readonly stdout: TextStream,
    readonly stderr: TextStream,
    colour: Config['colour'],
  ) {
    const painted = (stream: TextStream) =>
      new Paint(colour === 'always' || (colour === 'on terminals' && stream.isTTY === true));
    this.out = painted(stdout);
    this.err = painted(stderr);
  }

  /** Whether what is written to stdout is looked at by a person, and so must be made safe. */
  get toTerminal(): boolean {
    return this.stdout.isTTY === true || this.out.enabled;
  }

  get progressToTerminal(): boolean {
    return this.stderr.isTTY === true || this.err.enabled;
  }

  /** Columns that a table may take; unlimited where nobody looks. */
  get width(): number {
    return this.stdout.isTTY === true ? this.stdout.columns || 80 : Infinity;
  }

  line(text = ''): 0 {
    this.stdout.write(`${text}\n`);
    return 0;
  }

  lines(lines: readonly string[]): 0 {
    if (lines.length > 0) this.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }

  /** `=== title` and a blank line, as all of Heroku's lists begin. */
  header(title: string): void {
    this.line(`${this.out.in('dim', '===')} ${this.out.in('bold', title)}\n`);
  }

  json(value: unknown): 0 {
    this.line(JSON.stringify(value, null, 2).replace(UNPRINTABLE, unicodeEscape));
    return 0;
  }

  /** As it is; resolves when the stream takes more, so that a slow reader slows the source. */
  async write(to: 'stdout' | 'stderr', chunk: Uint8Array | string): Promise<void> {
    const stream = this[to];
    if (to === 'stderr') this.#breakLine();
    if (!stream.write(chunk)) await new Promise<void>((done) => stream.once('drain', done));
  }

  progress(text: string): 0 {
    this.#breakLine();
    this.stderr.write(`${text}\n`);
    return 0;
  }

  warn(text: string): void {
    this.#message(this.err.in('yellow', '▸'), text);
  }

  /** What happened, then what to type. */
  failure(text: string, hint?: string): void {
    this.#message(this.err.in('red', '!'), text);
    if (hint !== undefined) this.#message(this.err.in('red', '!'), hint);
  }

  /** `Doing a thing... done, v12` on stderr around `work`; `failed` if that throws. */
  async action<T>(
    title: string,
    work: () => Promise<T>,
    outcome: (result: T) => string = () => '',
    done = 'done',
  ): Promise<T> {
    this.#breakLine();
    this.stderr.write(`${title}... `);
    this.#unfinished = true;
    try {
      const result = await work();
      this.#finish(title, [done, outcome(result)].filter((part) => part !== '').join(', '));
      return result;
    } catch (error) {
      this.#finish(title, this.err.in('red', 'failed'));
      throw error;
    }
  }

  #finish(title: string, word: string): void {
    this.stderr.write(this.#unfinished ? `${word}\n` : `${title}... ${word}\n`);
    this.#unfinished = false;
  }

  #breakLine(): void {
    if (this.#unfinished) this.stderr.write('\n');
    this.#unfinished = false;
  }

  #message(mark: string, text: string): void {
    this.#breakLine();
    const lines = visibleLines(text).split('\n');
    this.stderr.write(lines.map((line) => ` ${mark}    ${line}`.trimEnd()).join('\n') + '\n');
  }
}

/** JSON escapes the lower control characters by itself, not the upper ones, which terminals obey as well. */
const UNPRINTABLE = /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** An app's name as progress shows it. */
export function appName(paint: Paint, name: string): string {
  return paint.app(visible(name));
}
