import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import {
  digitsOf,
  timeOfDigits,
  type LogRecord,
} from '../../../../daemon/engines/docker/logs/records/record.js';
import {
  MAX_RECORD_BYTES,
  recordBefore,
  takeRecords,
} from '../../../../daemon/engines/docker/logs/records/take-records.js';

/** Docker's own definition of what its `local` driver writes. */
const LogEntry = protobuf
  .parse(
    `syntax = "proto3";
    message LogEntry {
      string source = 1; int64 time_nano = 2; bytes line = 3; bool partial = 4;
      PartialLogEntryMetadata partial_log_metadata = 5;
    }
    message PartialLogEntryMetadata { bool last = 1; string id = 2; int32 ordinal = 3; }`,
  )
  .root.lookupType('LogEntry');

interface Entry {
  readonly source: 'stdout' | 'stderr';
  readonly nanos: bigint;
  readonly line: Uint8Array;
  readonly piece?: { readonly last: boolean; readonly ordinal: number };
}

function encode({ source, nanos, line, piece }: Entry): Buffer {
  const fields = {
    source,
    timeNano: String(nanos),
    line,
    ...(piece && { partial: true, partialLogMetadata: { ...piece, id: 'f'.repeat(64) } }),
  };
  const message = LogEntry.encode(LogEntry.fromObject(fields)).finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message, length]);
}

const plain = (record: LogRecord) => ({
  source: record.stream,
  nanos: BigInt(digitsOf(record.time)),
  line: [...record.bytes],
  ends: record.ends,
  piece: record.piece,
});

const expected = ({ source, nanos, line, piece }: Entry) => ({
  source,
  nanos,
  line: [...line],
  ends: piece?.last ?? true,
  piece: piece?.ordinal ?? 0,
});

const entry: fc.Arbitrary<Entry> = fc.record(
  {
    source: fc.constantFrom('stdout' as const, 'stderr' as const),
    nanos: fc.bigInt(1_000_000_000_000n, 4_000_000_000_000_000_000n),
    line: fc.uint8Array({ maxLength: 300 }),
    piece: fc.record({ last: fc.boolean(), ordinal: fc.integer({ min: 1, max: 2 ** 30 }) }),
  },
  { requiredKeys: ['source', 'nanos', 'line'] },
);

/** Reads bytes that come in parts, as the reader of a growing file does. */
function readInParts(bytes: Buffer, sizes: readonly number[]): { records: LogRecord[]; lost: number } {
  const records: LogRecord[] = [];
  let [from, upTo, lost] = [0, 0, 0];
  for (const size of [...sizes, bytes.length]) {
    upTo = Math.min(bytes.length, upTo + size);
    for (;;) {
      const taken = takeRecords(bytes.subarray(from, upTo), upTo === bytes.length);
      records.push(...taken.records);
      lost += taken.lost;
      if (taken.recordsEnd + taken.lost === 0) break;
      from += taken.recordsEnd + taken.lost;
    }
  }
  expect(from).toBe(bytes.length);
  return { records, lost };
}

const sizes = fc.array(fc.nat(400), { maxLength: 30 });

describe('records of the local log driver', () => {
  test('are what was written, however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), sizes, (entries, parts) => {
        const { records, lost } = readInParts(Buffer.concat(entries.map(encode)), parts);
        expect(records.map(plain)).toEqual(entries.map(expected));
        expect(lost).toBe(0);
      }),
    );
  });

  test('a write that was cut off is counted, and the records behind it are read', () => {
    // Longer than the others: a torn record may find its own length in the next one's.
    const torn = encode({
      source: 'stdout',
      nanos: 1_700_000_000_000_000_001n,
      line: Buffer.alloc(600, 'x'),
    });
    const entries = fc.array(entry, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 600 }), entries, sizes, (before, cut, after, parts) => {
        const bytes = Buffer.concat([...before.map(encode), torn.subarray(0, cut), ...after.map(encode)]);
        const { records, lost } = readInParts(bytes, parts);
        expect(records.map(plain)).toEqual([...before, ...after].map(expected));
        expect(lost).toBe(cut);
      }),
    );
  });

  test('bytes that are no records are passed over, all of them, however they come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), sizes, (garbage, parts) => {
        const bytes = Buffer.from(garbage);
        expect(readInParts(bytes, parts)).toEqual(readInParts(bytes, []));
      }),
    );
  });

  test('a length beyond all measure is not waited for', () => {
    const next = encode({ source: 'stdout', nanos: 1_700_000_000_000_000_001n, line: Buffer.from('next') });
    for (const length of [MAX_RECORD_BYTES + 1, 0xffffffff, 0]) {
      const bad = Buffer.alloc(4);
      bad.writeUInt32BE(length);
      const { recordsEnd, lost } = takeRecords(Buffer.concat([bad, next]), false);
      expect({ recordsEnd, lost }).toEqual({ recordsEnd: 0, lost: 4 });
    }
  });

  test('zeros, as a file has them after a power cut, hold up nothing', () => {
    const next = encode({ source: 'stderr', nanos: 1_700_000_000_000_000_001n, line: Buffer.from('next') });
    const { records, lost } = readInParts(Buffer.concat([next, Buffer.alloc(5_000), next]), [100, 1_000]);
    expect(records).toHaveLength(2);
    expect(lost).toBe(5_000);
  });

  test('fields that a later Docker adds are passed over', () => {
    const known = encode({ source: 'stdout', nanos: 1_700_000_000_123_456_789n, line: Buffer.from('x') });
    const message = Buffer.concat([
      known.subarray(4, -4),
      Buffer.from('3a0161', 'hex'),
      Buffer.from('4005', 'hex'),
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    const { records } = takeRecords(Buffer.concat([length, message, length]), true);
    expect(records.map(plain)).toMatchObject([{ nanos: 1_700_000_000_123_456_789n, line: [0x78] }]);
  });

  test('the record before a place is found from its end', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), (entries) => {
        const bytes = Buffer.concat(entries.map(encode));
        const last = recordBefore(bytes, bytes.length);
        expect(last && plain(last)).toEqual(expected(entries.at(-1) as Entry));
        expect(recordBefore(bytes, bytes.length - 1)).toBeNull();
      }),
    );
  });
});

test('a time keeps its nanoseconds through digits', () => {
  fc.assert(
    fc.property(fc.bigInt(1_000n, 9_007_199_254_740_991_999n), (nanos) => {
      const time = timeOfDigits(String(nanos));
      expect(time && digitsOf(time)).toBe(String(nanos));
    }),
  );
  expect(timeOfDigits('yesterday')).toBeNull();
});
