import type { LogLimits } from '../log-config.js';
import type { Mark } from '../progress.js';
import { compareTimes, type LogRecord } from '../records/record.js';
import { MAX_RECORD_BYTES, recordBefore, takeRecords } from '../records/take-records.js';
import { LogFiles, type LogFile } from './log-files.js';

const READ_BYTES = 2 * MAX_RECORD_BYTES;

/** Either records, or, where those before end, a loss. */
export interface Chunk {
  readonly records: readonly LogRecord[];
  /** Where in its file the last of them ends. */
  readonly recordsEnd: number;
  /** Bytes behind the records that nobody can read. */
  readonly lost: number;
}

/** Reads the records of a container's log files in the order they were written. */
export class FileTail {
  private readonly files: LogFiles;
  private offset = 0;
  /** How long the current file was when it was last read. */
  private seen = 0;
  /** Lost at the place where reading begins or goes on. */
  private lost = 0;

  constructor(folder: string, limits: LogLimits) {
    this.files = new LogFiles(folder, limits.files);
  }

  /**
   * Opens the log. With a mark and the offset where it ended, reading goes on there; answers false when it cannot be found, and
   * reading begins at the oldest record. Rejects with NotReadable for what is no such log.
   */
  async open(mark: Mark | null, offset: number | null): Promise<boolean> {
    await this.files.look();
    const place = mark && offset !== null ? { mark, offset } : null;
    if (place && (await this.files.select((file) => endsThere(file, place.mark, place.offset)))) {
      this.offset = place.offset;
      return true;
    }
    await this.expectRecords();
    if (!mark) this.lost = this.files.current?.lostBefore ?? 0;
    return false;
  }

  /** The next records, or what is lost before them; null when there are none now. With `finished`, nothing more is written. */
  async read(finished: boolean): Promise<Chunk | null> {
    for (;;) {
      if (this.lost > 0) return this.loss();
      // Looked at before reading: what was not the newest file then does not grow.
      await this.files.look();
      const final = finished || this.files.rotated;
      const chunk = await this.readHere(final);
      if (chunk) return chunk;
      if (!this.files.rotated) return null;
      await this.advance();
    }
  }

  /** Was anything written since the last read? */
  async hasMore(): Promise<boolean> {
    const size = (await this.files.current?.handle.stat())?.size ?? 0;
    return size > this.seen || (await this.files.hasNewer());
  }

  /** Takes notice of files that come and go while nothing is read. */
  look(): Promise<void> {
    return this.files.look();
  }

  close(): Promise<void> {
    return this.files.close();
  }

  private async readHere(final: boolean): Promise<Chunk | null> {
    const { current } = this.files;
    if (!current) return null;
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await current.handle.read(buffer, 0, READ_BYTES, this.offset);
    this.seen = this.offset + bytesRead;
    const taken = takeRecords(buffer.subarray(0, bytesRead), final && bytesRead < READ_BYTES);
    const recordsEnd = this.offset + taken.recordsEnd;
    this.offset = recordsEnd + taken.lost;
    return taken.recordsEnd + taken.lost === 0 ? null : { ...taken, recordsEnd };
  }

  private async advance(): Promise<void> {
    await this.files.advance();
    this.offset = 0;
    this.seen = 0;
    this.lost = this.files.current?.lostBefore ?? 0;
  }

  private loss(): Chunk {
    const { lost } = this;
    this.lost = 0;
    return { records: [], recordsEnd: 0, lost };
  }

  /** A later Docker may write its files otherwise. */
  private async expectRecords(): Promise<void> {
    const { current } = this.files;
    if (!current) return;
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await current.handle.read(buffer, 0, READ_BYTES, 0);
    const { records, lost } = takeRecords(buffer.subarray(0, bytesRead), false);
    if (records.length === 0 && lost > 0) throw new NotReadable('the log files have an unknown format');
  }
}

/** The log cannot be read from its files. */
export class NotReadable extends Error {}

/** Is this the file in which the marked record ends at that place? No two records have the same time, stream and piece. */
async function endsThere(file: LogFile, mark: Mark, offset: number): Promise<boolean> {
  const length = Math.min(offset, MAX_RECORD_BYTES + 8);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.handle.read(buffer, 0, length, offset - length);
  const record = bytesRead === length ? recordBefore(buffer, length) : null;
  return record !== null && isMarked(record, mark);
}

const isMarked = (record: LogRecord, mark: Mark): boolean =>
  record.stream === mark.stream &&
  compareTimes(record.time, mark.time) === 0 &&
  (record.piece === 0 || record.piece === mark.count);
