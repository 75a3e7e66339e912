import { stat } from 'node:fs/promises';
import { isAborted } from '../../../shared/aborted.js';
import type { Clock } from '../../../shared/clock.js';
import { untilFolderChanges } from '../../../shared/folder-change.js';
import { firstLine } from '../../../shared/lines.js';
import type { DynoLine, LogBatch } from '../../engine.js';
import {
  cursorOf,
  forgetBefore,
  positionOf,
  SegmentReader,
  type Chunk,
  type LogPosition,
} from './segments.js';

const READ_BYTES = 64 * 1024;
/** After a quiet time, how long the first line waits for others to share its batch. */
const GATHER_MS = 20;
/** How often an idle follower looks without having been told. */
const IDLE_MS = 1_000;

export interface Followed {
  readonly run: string;
  /** Will nothing more be written? Also the moment to see to a logger that died. */
  finished(): Promise<boolean>;
}

interface Pending {
  readonly position: LogPosition;
  readonly length: number;
}

/**
 * Delivers a dyno's output line by line. The cursor of a batch is the place after its last whole line: what comes behind it
 * is read again after a restart, and what lies before it may go.
 */
export class Follower {
  private readonly reader: SegmentReader;
  private bytes: Buffer = Buffer.alloc(0);
  private spans: Pending[] = [];
  private position: LogPosition;

  constructor(
    private readonly followed: Followed,
    cursor: string | null,
    private readonly clock: Clock,
  ) {
    this.position = positionOf(cursor);
    this.reader = new SegmentReader(followed.run, this.position);
  }

  async follow(deliver: (batch: LogBatch) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        // Asked between two reads that find nothing: if it was finished by then, there is nothing more.
        const chunk = await this.reader.read(READ_BYTES);
        const finished = chunk === null && (await this.followed.finished());
        const more = finished ? await this.reader.read(READ_BYTES) : chunk;
        if (isAborted(signal) || (finished && more === null)) break;
        if (more) await this.handle(more, deliver);
        else await this.untilMore(signal);
      }
      if (!signal.aborted) await this.deliverRest(deliver);
    } finally {
      await this.reader.close();
    }
  }

  private async handle(chunk: Chunk, deliver: (batch: LogBatch) => Promise<void>): Promise<void> {
    if (chunk.lost > 0) {
      // The line that was begun has lost its end.
      await this.deliverRest(deliver);
      this.position = chunk.at;
      return this.commit(deliver, [], chunk.lost);
    }
    this.bytes = this.bytes.length === 0 ? chunk.bytes : Buffer.concat([this.bytes, chunk.bytes]);
    this.spans.push({ position: chunk.at, length: chunk.bytes.length });
    const lines = this.take(false);
    if (lines.length > 0) await this.commit(deliver, lines, 0);
  }

  private async deliverRest(deliver: (batch: LogBatch) => Promise<void>): Promise<void> {
    const lines = this.take(true);
    if (lines.length > 0) await this.commit(deliver, lines, 0);
  }

  private async commit(
    deliver: (batch: LogBatch) => Promise<void>,
    lines: readonly DynoLine[],
    lostBytes: number,
  ): Promise<void> {
    await deliver({ lines, cursor: cursorOf(this.position), lostBytes });
    await forgetBefore(this.followed.run, this.position);
  }

  private take(atEnd: boolean): DynoLine[] {
    const lines: DynoLine[] = [];
    let taken = 0;
    for (;;) {
      const line = firstLine(this.bytes.subarray(taken), atEnd);
      if (!line) break;
      lines.push({ time: null, stream: 'stdout', text: line.text });
      taken += line.bytes;
    }
    this.bytes = this.bytes.subarray(taken);
    this.advance(taken);
    return lines;
  }

  private advance(count: number): void {
    let left = count;
    while (left > 0) {
      const span = this.spans.shift();
      if (!span) return;
      const step = Math.min(left, span.length);
      this.position = { segment: span.position.segment, offset: span.position.offset + step };
      if (step < span.length) this.spans.unshift({ position: this.position, length: span.length - step });
      left -= step;
    }
  }

  private async untilMore(signal: AbortSignal): Promise<void> {
    const missed = async () => (await this.hasGrown()) || (await this.followed.finished());
    const wait = { folder: this.followed.run, atMostMs: IDLE_MS, missed, signal };
    await untilFolderChanges(wait, this.clock);
    await this.clock.sleep(GATHER_MS, signal);
  }

  /** Between the last read and the start of the watch. */
  private async hasGrown(): Promise<boolean> {
    const size = await stat(this.reader.path).then(
      (found) => found.size,
      () => 0,
    );
    return size > this.reader.offset;
  }
}
