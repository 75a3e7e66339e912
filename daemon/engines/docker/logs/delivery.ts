import type { DynoLine, LogBatch } from '../../engine.js';
import { Progress } from './progress.js';

/** Hands lines on with the cursor that stands for them, and tells losses with the lines that come after them. */
export class Delivery {
  readonly progress: Progress;
  private lost = 0;

  constructor(
    cursor: string | null,
    private readonly to: (batch: LogBatch) => Promise<void>,
    private readonly signal: AbortSignal,
  ) {
    this.progress = Progress.from(cursor);
  }

  /** `lines` are those of all records that `progress` has taken since. */
  async deliver(lines: readonly DynoLine[]): Promise<void> {
    if (lines.length > 0) await this.send(lines);
  }

  /** What comes next does not follow on what was there: a line that was begun has lost its end. */
  async lose(bytes: number): Promise<void> {
    await this.deliver(this.progress.endLines());
    this.lost += bytes;
  }

  /** Nothing more comes; `lost` bytes of it could not be read. */
  async finish(lost = 0): Promise<void> {
    await this.lose(lost);
    if (this.lost > 0) await this.send([]);
  }

  private async send(lines: readonly DynoLine[]): Promise<void> {
    if (this.signal.aborted) return;
    await this.to({ lines, cursor: this.progress.cursor, lostBytes: this.lost });
    this.lost = 0;
  }
}
