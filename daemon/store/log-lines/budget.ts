import type { Database } from 'better-sqlite3';
import type { LineRecord } from './records.js';

/** Rows deleted in one go: a lowered budget must not hold up tfkd for seconds. */
const TRIM_ROWS = 100_000;

export interface BudgetOptions {
  /** Bytes of pages in use; the file is at most 1/256 larger for a moment, beside its write-ahead log (a few MB). */
  readonly budgetBytes: number;
  /** The text of the line that stands where the oldest lines were. */
  readonly trimmedText: (count: number, since: number) => string;
}

/** The lines that the budget is of. */
interface Lines {
  /** Sequences of the first kept line and of the last. */
  readonly oldest: () => number;
  readonly newest: () => number;
  readonly insert: (line: LineRecord) => void;
}

/** Keeps an app's lines within their bytes: the oldest go, and a notice in their place counts them. */
export class LineBudget {
  private uncheckedBytes = Number.POSITIVE_INFINITY;

  constructor(
    private readonly db: Database,
    private readonly options: BudgetOptions,
    private readonly lines: Lines,
  ) {}

  /** To be told of lines that were committed. */
  grown(lines: readonly LineRecord[]): void {
    for (const line of lines) this.uncheckedBytes += line.text.length + 32;
  }

  /** Drops what is too much, once so much has come that there may be some. */
  keep(): void {
    if (this.uncheckedBytes < this.options.budgetBytes / 256) return;
    if (this.usedBytes() > this.options.budgetBytes) this.trim();
    this.giveBackPages();
    this.uncheckedBytes = 0;
  }

  /** Drops the oldest lines, 1/64 of the budget beyond what is due, so that the next time is not soon. */
  private trim(): void {
    const oldest = this.lines.oldest();
    const lines = this.lines.newest() - oldest + 1;
    const used = this.usedBytes();
    const excess = used - this.options.budgetBytes + this.options.budgetBytes / 64;
    const share = Math.ceil((lines * excess) / used);
    const horizon = oldest + Math.min(Math.max(share, 2), TRIM_ROWS, lines - 1) - 1;
    if (horizon > oldest) this.dropUpTo(horizon);
  }

  /** The last dropped line's place is taken by the notice, so that sequences stay dense and the count stands where it belongs. */
  private dropUpTo(horizon: number): void {
    const drop = this.db.transaction(() => {
      this.db
        .prepare(
          'UPDATE history SET since = (SELECT time FROM lines ORDER BY sequence LIMIT 1) WHERE since IS NULL',
        )
        .run();
      const { base, since } = this.db.prepare('SELECT base, since FROM history').get() as {
        base: number;
        since: number;
      };
      const time = this.timeOf(horizon);
      this.db.prepare('DELETE FROM lines WHERE sequence <= ?').run(horizon);
      this.lines.insert({
        sequence: horizon,
        time,
        source: 'heroku',
        dyno: 'logplex',
        stream: null,
        release: null,
        text: this.options.trimmedText(horizon - base, since),
      });
    });
    drop();
  }

  private timeOf(sequence: number): number {
    const time: unknown = this.db.prepare('SELECT time FROM lines WHERE sequence = ?').pluck().get(sequence);
    return typeof time === 'number' ? time : 0;
  }

  private usedBytes(): number {
    return (this.pragma('page_count') - this.pragma('freelist_count')) * this.pragma('page_size');
  }

  /** Free pages are used again by new lines; only what makes the file larger than the budget goes back to the disk. */
  private giveBackPages(): void {
    const excess = this.pragma('page_count') - Math.ceil(this.options.budgetBytes / this.pragma('page_size'));
    const free = Math.min(excess, this.pragma('freelist_count'));
    if (free > 0) this.db.pragma(`incremental_vacuum(${free})`);
  }

  private pragma(name: string): number {
    return this.db.pragma(name, { simple: true }) as number;
  }
}
