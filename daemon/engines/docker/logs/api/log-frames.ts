import type { LogRecord, LogStream, RecordTime } from '../records/record.js';

/** Of each frame: one byte of stream, three unused, and the length as 32 bits. */
const HEADER_BYTES = 8;
const STDERR = 2;
const NEWLINE = 0x0a;
const BLANK = 0x20;
/** What dockerd cuts lines at: a piece of this length is not the last. */
const PIECE_BYTES = 16 * 1024;

/** Cuts the stream of the API's container logs, asked for with timestamps, into records. */
export class LogFrames {
  private rest: Buffer = Buffer.alloc(0);

  /** The records that are whole by now. Throws for a stream that is no such log. */
  take(chunk: Buffer): LogRecord[] {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const records: LogRecord[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
      if (end > bytes.length) break;
      const stream = bytes[at] === STDERR ? 'stderr' : 'stdout';
      records.push(recordOf(stream, bytes.subarray(at + HEADER_BYTES, end)));
      at = end;
    }
    this.rest = bytes.subarray(at);
    return records;
  }
}

function recordOf(stream: LogStream, frame: Buffer): LogRecord {
  const blank = frame.indexOf(BLANK);
  const time = timeOf(frame.toString('latin1', 0, Math.max(0, blank)));
  if (!time) throw new Error('dockerd answered with log lines that carry no time');
  const text = frame.subarray(blank + 1);
  const newline = text.at(-1) === NEWLINE;
  const bytes = newline ? text.subarray(0, -1) : text;
  return { stream, time, bytes, ends: newline || bytes.length < PIECE_BYTES, piece: 0 };
}

/** `2026-11-21T02:30:27.123456789Z` */
function timeOf(text: string): RecordTime | null {
  const [, seconds = '', digits = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/.exec(text) ?? [];
  const millis = Date.parse(`${seconds}Z`);
  if (Number.isNaN(millis)) return null;
  return { micros: millis * 1000 + Number(digits.slice(0, 6)), nanos: Number(digits.slice(6)) };
}
