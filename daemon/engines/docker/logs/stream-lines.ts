import { firstLine, MAX_LINE_BYTES } from '../../../shared/lines.js';
import type { DynoLine } from '../../engine.js';
import { compareTimes, type LogRecord, type LogStream, type RecordTime } from './records/record.js';

const CARRIAGE_RETURN = 0x0d;
const NEWLINE = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);
/** No longer than a line may be, even when each of its bytes is replaced by the three of U+FFFD. */
const SURELY_ONE_LINE = Math.floor(MAX_LINE_BYTES / 3);

/** Makes lines of one stream's records, and remembers which of them was the last. */
export class StreamLines {
  constructor(
    private readonly stream: LogStream,
    /** Of the newest record; null before the first. */
    public time: RecordTime | null = null,
    /** How many records had that time: the pieces of a long line share theirs. */
    public count: number = 0,
    /** Of a line whose end has not come; less than the longest line. */
    public rest: Buffer = NOTHING,
  ) {}

  add(record: LogRecord, lines: DynoLine[]): void {
    const another = this.time === null || compareTimes(this.time, record.time) !== 0;
    // A line that was begun by other records never got its end: dockerd was cut off.
    if (another && this.rest.length > 0) this.end(lines);
    this.count = record.piece > 0 ? record.piece : another ? 1 : this.count + 1;
    this.time = record.time;
    const { bytes } = record;
    if (record.ends && this.rest.length === 0 && bytes.length <= SURELY_ONE_LINE) {
      lines.push(this.line(wholeText(bytes)));
      return;
    }
    this.rest = Buffer.concat(record.ends ? [this.rest, bytes, NEWLINE] : [this.rest, bytes]);
    this.take(lines, record.ends);
  }

  /** What has no newline is a line as well: nothing more comes. */
  end(lines: DynoLine[]): void {
    this.take(lines, true);
  }

  private take(lines: DynoLine[], atEnd: boolean): void {
    let taken = 0;
    for (;;) {
      const line = firstLine(this.rest.subarray(taken), atEnd);
      if (!line) break;
      lines.push(this.line(line.text));
      taken += line.bytes;
    }
    this.rest = Buffer.from(this.rest.subarray(taken));
  }

  private line(text: string): DynoLine {
    return { time: this.time?.micros ?? null, stream: this.stream, text };
  }
}

function wholeText(bytes: Buffer): string {
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}
