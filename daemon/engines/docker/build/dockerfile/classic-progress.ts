import { LineSplitter } from '../../../../shared/lines.js';
import { printable } from '../../../build/printable.js';
import type { BuildOutput } from '../../../engine.js';

const STEP = /^Step (\d+\/\d+) : (.*)$/;
const CACHED = ' ---> Using cache';
/** What the builder says of its own doings. */
const HOUSEKEEPING =
  /^( ---> (Running in )?[0-9a-f]{12}|Removing intermediate container [0-9a-f]{12}|Successfully (built|tagged) \S+|)$/;

/** Tells the classic builder's text as build output, in the form that BuildKit's has. */
export class ClassicProgress {
  private readonly splitter = new LineSplitter();
  private step: string | null = null;

  constructor(private readonly output: BuildOutput) {}

  take(text: string): void {
    for (const line of this.splitter.push(Buffer.from(text))) this.line(line);
  }

  /** The instruction at which the builder stands. */
  failed(): string | null {
    return this.step;
  }

  private line(line: string): void {
    const [, number, instruction] = STEP.exec(line) ?? [];
    if (number !== undefined && instruction !== undefined) this.begin(number, instruction);
    else if (line === CACHED) this.output.detail('(cached)');
    else if (!HOUSEKEEPING.test(line)) this.output.detail(printable(line));
  }

  private begin(number: string, instruction: string): void {
    this.step = `[${number}] ${printable(instruction)}`;
    // Ours, and nothing to tell.
    if (!/^LABEL tfk\./.test(instruction)) this.output.step(this.step);
  }
}
