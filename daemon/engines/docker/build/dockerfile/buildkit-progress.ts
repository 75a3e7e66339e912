import { LineSplitter } from '../../../../shared/lines.js';
import { printable } from '../../../build/printable.js';
import type { BuildOutput } from '../../../engine.js';
import type { Vertex, VertexLog } from './events.js';

/** `[2/4] RUN npm ci`, `[build 2/4] RUN npm ci`; what else BuildKit does is its own affair. */
const INSTRUCTION = /^\[(?:[^\]]* )?\d+\/\d+\] /;
const CLIPPED = /\[output clipped, log limit [^\]]*\]/;
const LONGEST_TITLE = 200;

/** Tells BuildKit's progress as build output: a step for each instruction, what it prints below it. */
export class BuildKitProgress {
  private readonly steps = new Map<string, Step>();
  private current: Step | null = null;
  private clipped = false;

  constructor(private readonly output: BuildOutput) {}

  take(vertexes: readonly Vertex[], logs: readonly VertexLog[]): void {
    for (const vertex of vertexes) this.seen(vertex);
    for (const log of logs) this.printed(log);
    for (const vertex of vertexes) if (vertex.completed) this.endOf(vertex.digest);
  }

  /** The instruction that failed, as `[2/4] RUN npm ci`; null where none did. */
  failed(): string | null {
    return [...this.steps.values()].find(({ failed }) => failed)?.title ?? null;
  }

  private seen({ digest, name, cached, started, error }: Vertex): void {
    if (!INSTRUCTION.test(name)) return;
    const step = this.steps.get(digest) ?? newStep(titleOf(name));
    this.steps.set(digest, step);
    step.failed ||= error !== '' && !/context canceled/.test(error);
    if (step.told || !(cached || started)) return;
    this.tell(step, cached ? ' (cached)' : '');
  }

  private printed({ vertex, stream, bytes }: VertexLog): void {
    const step = this.steps.get(vertex);
    if (!step) return;
    const splitter = step.streams.get(stream) ?? new LineSplitter();
    step.streams.set(stream, splitter);
    this.lines(step, splitter.push(bytes));
  }

  private endOf(digest: string): void {
    const step = this.steps.get(digest);
    for (const splitter of step?.streams.values() ?? []) if (step) this.lines(step, splitter.end());
  }

  private lines(step: Step, lines: readonly string[]): void {
    if (lines.length > 0 && this.current !== step) this.tell(step, step.told ? ' (goes on)' : '');
    for (const line of lines) {
      if (CLIPPED.test(line)) this.tellClipped();
      else this.output.detail(printable(line));
    }
  }

  private tell(step: Step, remark: string): void {
    step.told = true;
    this.current = step;
    this.output.step(`${step.title}${remark}`);
  }

  private tellClipped(): void {
    if (this.clipped) return;
    this.clipped = true;
    this.output.warning('This step prints faster than Docker’s builder takes: some of its lines are lost.');
  }
}

interface Step {
  readonly title: string;
  readonly streams: Map<number, LineSplitter>;
  told: boolean;
  failed: boolean;
}

const newStep = (title: string): Step => ({ title, streams: new Map(), told: false, failed: false });

function titleOf(name: string): string {
  const title = printable(name.replace(/\s+/g, ' '));
  return title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}...` : title;
}
