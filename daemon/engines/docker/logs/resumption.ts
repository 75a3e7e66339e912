import type { Mark } from './progress.js';
import { compareTimes, type LogRecord } from './records/record.js';

/**
 * How far two streams' records may stand out of the order of their times: dockerd reads each with a thread of its own, and one
 * may wait for the file with a time that it has already taken.
 */
export const DISORDER_MICROS = 1_000_000;

/** What to make of one record while the place to go on from is searched. */
export interface Judgement {
  /** Has it been taken before, or cannot be told from those that were? */
  readonly skip: boolean;
  /** Bytes that are gone before this record. */
  readonly lost: number;
}

const SKIP: Judgement = { skip: true, lost: 0 };
const NEW: Judgement = { skip: false, lost: 0 };

/**
 * Finds, in records that begin somewhere at or before it, the one that was taken last: what comes behind it is new. When it is
 * not there (dockerd has dropped its file), that is told as a loss.
 */
export class Resumption {
  private found: boolean;
  private alike = 0;
  /** Of records that are later than the mark in time, but stand where the mark may still follow. */
  private skippedBytes = 0;

  constructor(
    private readonly mark: Mark | null,
    /** How much is gone at least if the mark is. */
    private readonly least: number = 1,
  ) {
    this.found = mark === null;
  }

  /** Is it known where to go on? */
  get resolved(): boolean {
    return this.found;
  }

  /** Bytes that were skipped, if nothing more comes, without knowing whether they had been taken. */
  get unresolved(): number {
    return this.found ? 0 : this.skippedBytes;
  }

  judge(record: LogRecord): Judgement {
    if (this.found || !this.mark) return NEW;
    return record.stream === this.mark.stream
      ? this.judgeOwn(record, this.mark)
      : this.judgeOther(record, this.mark);
  }

  /** Records of one stream stand in the order of their times. */
  private judgeOwn(record: LogRecord, mark: Mark): Judgement {
    const order = compareTimes(record.time, mark.time);
    if (order > 0) return this.gap();
    if (order < 0) return SKIP;
    this.alike = record.piece > 0 ? record.piece : this.alike + 1;
    if (this.alike > mark.count) return this.gap();
    this.found = this.alike === mark.count;
    return SKIP;
  }

  private judgeOther(record: LogRecord, mark: Mark): Judgement {
    const later = record.time.micros - mark.time.micros;
    if (later > DISORDER_MICROS) return this.gap();
    if (later > 0) this.skippedBytes += record.bytes.length + 1;
    return SKIP;
  }

  private gap(): Judgement {
    this.found = true;
    return { skip: false, lost: Math.max(this.least, this.skippedBytes) };
  }
}
