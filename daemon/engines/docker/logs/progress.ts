import type { DynoLine } from '../../engine.js';
import { digitsOf, timeOfDigits, type LogRecord, type LogStream, type RecordTime } from './records/record.js';
import { StreamLines } from './stream-lines.js';

/** Which record was taken last. */
export interface Mark {
  readonly stream: LogStream;
  readonly time: RecordTime;
  /** The how many-th of its stream with that time, from 1. */
  readonly count: number;
}

/**
 * How far the reading of one dyno's log is, in words that both readers understand: the record taken last, by its time, and what
 * was begun of a line. A reader of files adds where in its file that record ends, so that it need not search.
 */
export class Progress {
  private constructor(
    private readonly stdout: StreamLines,
    private readonly stderr: StreamLines,
    private last: LogStream | null,
    /** Where the last record ends in its file; null when it did not come from one. */
    public offset: number | null,
  ) {}

  /** What is no cursor of ours starts over, rather than leaving a dyno without logs. */
  static from(cursor: string | null): Progress {
    const { stdout, stderr, last, offset } = fieldsOf(cursor);
    return new Progress(streamOf('stdout', stdout), streamOf('stderr', stderr), last ?? null, offset ?? null);
  }

  take(record: LogRecord, lines: DynoLine[]): void {
    this.last = record.stream;
    this[record.stream].add(record, lines);
  }

  /** The lines that were begun and get no end. */
  endLines(): DynoLine[] {
    const lines: DynoLine[] = [];
    this.stdout.end(lines);
    this.stderr.end(lines);
    return lines;
  }

  /** Null before the first record. */
  get mark(): Mark | null {
    if (!this.last) return null;
    const { time, count } = this[this.last];
    return time && { stream: this.last, time, count };
  }

  get cursor(): string {
    const fields: CursorFields = {
      ...(this.last && { last: this.last }),
      ...(this.offset !== null && { offset: this.offset }),
      ...(this.stdout.time && { stdout: writtenOf(this.stdout) }),
      ...(this.stderr.time && { stderr: writtenOf(this.stderr) }),
    };
    return JSON.stringify(fields);
  }
}

interface CursorFields {
  readonly last?: LogStream;
  readonly offset?: number;
  readonly stdout?: WrittenStream;
  readonly stderr?: WrittenStream;
}

interface WrittenStream {
  /** Nanoseconds since the epoch. */
  readonly time: string;
  readonly count: number;
  /** Base64: bytes that are in no line yet. */
  readonly rest?: string;
}

function writtenOf({ time, count, rest }: StreamLines): WrittenStream {
  const written = { time: time ? digitsOf(time) : '', count };
  return rest.length === 0 ? written : { ...written, rest: rest.toString('base64') };
}

function streamOf(stream: LogStream, written: WrittenStream | undefined): StreamLines {
  const time = written ? timeOfDigits(written.time) : null;
  if (!written || !time) return new StreamLines(stream);
  return new StreamLines(stream, time, written.count, Buffer.from(written.rest ?? '', 'base64'));
}

function fieldsOf(cursor: string | null): CursorFields {
  try {
    const fields: unknown = JSON.parse(cursor ?? '{}');
    return isCursor(fields) ? fields : {};
  } catch {
    return {};
  }
}

function isCursor(value: unknown): value is CursorFields {
  if (typeof value !== 'object' || value === null) return false;
  const { last, offset, stdout, stderr } = value as Record<string, unknown>;
  const read = last === 'stdout' ? stdout : stderr;
  return (
    (last === 'stdout' || last === 'stderr') &&
    isWritten(read) &&
    (offset === undefined || isCount(offset)) &&
    [stdout, stderr].every((stream) => stream === undefined || isWritten(stream))
  );
}

function isWritten(value: unknown): value is WrittenStream {
  if (typeof value !== 'object' || value === null) return false;
  const { time, count, rest } = value as Record<string, unknown>;
  return (
    typeof time === 'string' &&
    timeOfDigits(time) !== null &&
    isCount(count) &&
    (rest === undefined || typeof rest === 'string')
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
