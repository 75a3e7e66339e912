import type { LogRecord, LogStream, RecordTime } from './record.js';
import { WireReader } from './wire.js';

/**
 * Longer than any record: dockerd cuts lines at 16 KiB. What claims to be longer is no record, and nobody makes room for it.
 */
export const MAX_RECORD_BYTES = 128 * 1024;
const LENGTH_BYTES = 4;
/** How each record's message begins: field 1 of six bytes, stdout or stderr. */
const BEGINNING = Buffer.from('\n\u0006std');

export interface Taken {
  readonly records: readonly LogRecord[];
  /** Where the records end. */
  readonly recordsEnd: number;
  /** Bytes behind them that are no records, and are passed over: a write that was cut off, by a full disk or a crash. */
  readonly lost: number;
}

/**
 * The whole records at the front of `bytes`, a piece of a file of Docker's `local` log driver: of each the length as 32 bits,
 * the message, the length again. Stops behind the first bytes that are no record. With `atEnd` nothing more comes, and what is
 * left is no record either.
 */
export function takeRecords(bytes: Buffer, atEnd: boolean): Taken {
  const records: LogRecord[] = [];
  let at = 0;
  for (;;) {
    const found = recordAt(bytes, at);
    if (typeof found === 'object') {
      records.push(found.record);
      at = found.end;
      continue;
    }
    const waits = found === 'incomplete' && (!atEnd || at === bytes.length);
    return { records, recordsEnd: at, lost: waits ? 0 : nextRecord(bytes, at + 1, atEnd) - at };
  }
}

/** The record that ends right before `end`; null where there is none. */
export function recordBefore(bytes: Buffer, end: number): LogRecord | null {
  if (end < 2 * LENGTH_BYTES || end > bytes.length) return null;
  const at = end - 2 * LENGTH_BYTES - bytes.readUInt32BE(end - LENGTH_BYTES);
  const found = at < 0 ? 'broken' : recordAt(bytes, at);
  return typeof found === 'object' ? found.record : null;
}

type Found = { readonly record: LogRecord; readonly end: number } | 'incomplete' | 'broken';

function recordAt(bytes: Buffer, at: number): Found {
  if (bytes.length - at < LENGTH_BYTES) return 'incomplete';
  const length = bytes.readUInt32BE(at);
  if (length <= BEGINNING.length || length > MAX_RECORD_BYTES) return 'broken';
  const from = at + LENGTH_BYTES;
  const end = from + length + LENGTH_BYTES;
  if (end > bytes.length) return 'incomplete';
  if (bytes.readUInt32BE(from + length) !== length) return 'broken';
  const record = decode(bytes, from, from + length);
  return record ? { record, end } : 'broken';
}

/** Where the next record may begin; at most a whole beginning is held back for what is still to come. */
function nextRecord(bytes: Buffer, from: number, atEnd: boolean): number {
  let at = from;
  for (;;) {
    const beginning = bytes.indexOf(BEGINNING, at + LENGTH_BYTES);
    if (beginning < 0) break;
    at = beginning - LENGTH_BYTES;
    if (recordAt(bytes, at) !== 'broken') return at;
    at += 1;
  }
  if (atEnd) return bytes.length;
  return Math.max(from - 1, bytes.length - LENGTH_BYTES - BEGINNING.length + 1);
}

const TAG = { source: 0x0a, time: 0x10, line: 0x1a, partial: 0x20, piece: 0x2a } as const;
const NOTHING = Buffer.alloc(0);

function decode(bytes: Buffer, from: number, to: number): LogRecord | null {
  try {
    return entryOf(new WireReader(bytes, from, to));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What was read of an entry so far. */
interface Draft {
  stream: LogStream | null;
  time: RecordTime | null;
  line: Buffer;
  piece: Piece | null;
}

function entryOf(message: WireReader): LogRecord | null {
  const draft: Draft = { stream: null, time: null, line: NOTHING, piece: null };
  while (!message.done) readField(draft, message);
  const { stream, time, line, piece } = draft;
  if (!stream || !time) return null;
  return { stream, time, bytes: line, ends: piece?.last ?? true, piece: piece?.ordinal ?? 0 };
}

function readField(draft: Draft, message: WireReader): void {
  const tag = message.number();
  if (tag === TAG.line) draft.line = message.bytes();
  else if (tag === TAG.source) draft.stream = streamOf(message.bytes());
  else if (tag === TAG.time) draft.time = message.nanoseconds();
  else if (tag === TAG.partial) draft.piece = message.number() === 0 ? null : { last: false, ordinal: 0 };
  else if (tag === TAG.piece) draft.piece = pieceOf(message.bytes());
  else message.skip(tag);
}

function streamOf(name: Buffer): LogStream | null {
  if (name.length !== 6) return null;
  const text = name.toString('latin1');
  return text === 'stdout' || text === 'stderr' ? text : null;
}

interface Piece {
  readonly last: boolean;
  readonly ordinal: number;
}

const PIECE_TAG = { last: 0x08, ordinal: 0x18 } as const;

function pieceOf(bytes: Buffer): Piece {
  const message = new WireReader(bytes, 0, bytes.length);
  let last = false;
  let ordinal = 0;
  while (!message.done) {
    const tag = message.number();
    if (tag === PIECE_TAG.last) last = message.number() !== 0;
    else if (tag === PIECE_TAG.ordinal) ordinal = message.number();
    else message.skip(tag);
  }
  return { last, ordinal };
}
