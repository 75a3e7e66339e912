import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogFrames } from '../../../../daemon/engines/docker/logs/api/log-frames.js';
import { limitsOf, logConfig } from '../../../../daemon/engines/docker/logs/log-config.js';
import { Progress } from '../../../../daemon/engines/docker/logs/progress.js';
import type { LogRecord, LogStream } from '../../../../daemon/engines/docker/logs/records/record.js';
import { Resumption } from '../../../../daemon/engines/docker/logs/resumption.js';
import type { DynoLine } from '../../../../daemon/engines/engine.js';
import { LineSplitter } from '../../../../daemon/shared/lines.js';

const PIECE_BYTES = 16_384;
const START = 1_790_000_000_000_000;

/** As dockerd cuts what a stream writes: a record a line, long lines in pieces of one time. */
function recordsOf(stream: LogStream, bytes: Buffer, firstMicros = START): LogRecord[] {
  const records: LogRecord[] = [];
  let micros = firstMicros;
  for (let at = 0; at < bytes.length; micros += 10) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    const time = { micros, nanos: 7 };
    for (let piece = 1; end - at >= PIECE_BYTES; piece += 1, at += PIECE_BYTES) {
      records.push({ stream, time, bytes: bytes.subarray(at, at + PIECE_BYTES), ends: false, piece });
    }
    const earlier = records.filter((record) => record.time === time).length;
    const piece = earlier > 0 || newline < 0 ? earlier + 1 : 0;
    records.push({ stream, time, bytes: bytes.subarray(at, end), ends: newline >= 0, piece });
    at = end + 1;
  }
  return records;
}

function linesOf(records: readonly LogRecord[], progress = Progress.from(null)): DynoLine[] {
  const lines: DynoLine[] = [];
  for (const record of records) progress.take(record, lines);
  return [...lines, ...progress.endLines()];
}

const texts = (lines: readonly DynoLine[]) => lines.map(({ text }) => text);

function split(bytes: Buffer): string[] {
  const splitter = new LineSplitter();
  return [...splitter.push(bytes), ...splitter.end()];
}

const output = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom('\n', '\r\n', '\r', 'é', '😀', 'x'.repeat(9_999), 'é'.repeat(20_000))
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.concat(parts));

describe('lines of records', () => {
  test('are the lines of the bytes that were written', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        expect(texts(linesOf(recordsOf('stdout', bytes)))).toEqual(split(bytes));
      }),
    );
  });

  test('carry the time and the stream of their records', () => {
    const [line] = linesOf(recordsOf('stderr', Buffer.from('one\n')));
    expect(line).toEqual({ time: START, stream: 'stderr', text: 'one' });
  });

  test('a line that never got its end is a line when the next begins', () => {
    const [long] = recordsOf('stdout', Buffer.from(`${'x'.repeat(PIECE_BYTES)}y\n`));
    const next = recordsOf('stdout', Buffer.from('next\n'), START + 1_000);
    expect(texts(linesOf([long as LogRecord, ...next]))).toEqual([
      'x'.repeat(10_000),
      'x'.repeat(6_384),
      'next',
    ]);
  });
});

describe('a cursor', () => {
  test('goes on anywhere, also inside a long line, with nothing twice and nothing lost', () => {
    fc.assert(
      fc.property(output, output, fc.nat(), (out, err, at) => {
        const all = [...recordsOf('stdout', out), ...recordsOf('stderr', err, START + 5)].sort(
          (one, other) => one.time.micros - other.time.micros,
        );
        const place = all.length === 0 ? 0 : at % (all.length + 1);
        const first = Progress.from(null);
        const lines: DynoLine[] = [];
        for (const record of all.slice(0, place)) first.take(record, lines);

        const second = Progress.from(first.cursor);
        const resumption = new Resumption(second.mark);
        // The API begins somewhere before the mark.
        const fresh = all.filter((record) => {
          const { skip, lost } = resumption.judge(record);
          expect(lost).toBe(0);
          return !skip;
        });
        lines.push(...linesOf(fresh, second));
        expect(lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text)).toEqual(split(out));
        expect(lines.filter(({ stream }) => stream === 'stderr').map(({ text }) => text)).toEqual(split(err));
      }),
    );
  });

  test.each([null, '', 'null', '7', '{"segment":3,"offset":17}', '{"last":"stdout"}', '{"last":"stdin"}'])(
    'that is none of ours (%j) starts over',
    (cursor) => {
      const progress = Progress.from(cursor);
      expect([progress.mark, progress.offset]).toEqual([null, null]);
    },
  );
});

describe('going on', () => {
  const mark = { stream: 'stdout', time: { micros: START, nanos: 7 }, count: 1 } as const;
  const record = (stream: LogStream, micros: number): LogRecord => ({
    stream,
    time: { micros: START + micros, nanos: 7 },
    bytes: Buffer.from('12345'),
    ends: true,
    piece: 0,
  });
  const judge = (...records: LogRecord[]) => {
    const resumption = new Resumption(mark);
    return records.map((each) => resumption.judge(each));
  };

  test('takes what stands behind the mark, also with an earlier time', () => {
    expect(
      judge(record('stderr', -3), record('stdout', 0), record('stderr', -1), record('stdout', 4)),
    ).toEqual([
      { skip: true, lost: 0 },
      { skip: true, lost: 0 },
      { skip: false, lost: 0 },
      { skip: false, lost: 0 },
    ]);
  });

  test('tells a loss when the mark is gone', () => {
    expect(judge(record('stdout', 1))).toEqual([{ skip: false, lost: 1 }]);
    expect(judge(record('stderr', 1), record('stderr', 1_000_001), record('stderr', 1_000_002))).toEqual([
      { skip: true, lost: 0 },
      { skip: false, lost: 6 },
      { skip: false, lost: 0 },
    ]);
  });

  test('tells at the end what was skipped in doubt', () => {
    const resumption = new Resumption(mark);
    resumption.judge(record('stderr', 1));
    expect(resumption.unresolved).toBe(6);
  });
});

describe("the API's frames", () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([
    frame(1, '2026-11-21T02:30:27.123456789Z one\n'),
    frame(2, '2026-11-21T02:30:27.000000001Z \n'),
    frame(1, `2026-11-21T02:30:28.000000000Z ${'x'.repeat(PIECE_BYTES)}`),
    frame(1, '2026-11-21T02:30:28.000000000Z end'),
  ]);

  test('are records, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (cuts) => {
        const frames = new LogFrames();
        const places = [0, ...cuts.sort((one, other) => one - other), bytes.length];
        const records = places.flatMap((from, index) => frames.take(bytes.subarray(from, places[index + 1])));
        const second = Date.UTC(2026, 10, 21, 2, 30, 27) * 1000;
        expect(records.map(({ bytes: line, ...rest }) => ({ ...rest, length: line.length }))).toEqual([
          {
            stream: 'stdout',
            time: { micros: second + 123_456, nanos: 789 },
            ends: true,
            piece: 0,
            length: 3,
          },
          { stream: 'stderr', time: { micros: second, nanos: 1 }, ends: true, piece: 0, length: 0 },
          {
            stream: 'stdout',
            time: { micros: second + 1_000_000, nanos: 0 },
            ends: false,
            piece: 0,
            length: PIECE_BYTES,
          },
          {
            stream: 'stdout',
            time: { micros: second + 1_000_000, nanos: 0 },
            ends: true,
            piece: 0,
            length: 3,
          },
        ]);
      }),
    );
  });

  test('without times are refused', () => {
    expect(() => new LogFrames().take(frame(1, 'no time here\n'))).toThrow('no time');
  });
});

test('a logged dyno keeps all it writes, an attached one nothing', () => {
  expect(logConfig('logged')).toMatchObject({
    Type: 'local',
    Config: { compress: 'false', mode: 'blocking' },
  });
  expect(logConfig('attached')).toEqual({ Type: 'none', Config: {} });
  expect(limitsOf(logConfig('logged').Config)).toEqual({ fileBytes: 64 * 1024 * 1024, files: 8 });
  expect(limitsOf({ 'max-size': '1m', 'max-file': '3' })).toEqual({ fileBytes: 64 * 1024 * 1024, files: 3 });
});
