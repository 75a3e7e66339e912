import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeClientFrame,
  encodeServerFrame,
  FrameError,
  FrameReader,
  MAX_PAYLOAD,
  type ClientFrame,
  type ServerFrame,
} from '../../../api/attach.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const cells = fc.integer({ min: 1, max: 65_535 });
const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  bytes.map((data): ClientFrame => ({ kind: 'stdin', data })),
  fc.constant<ClientFrame>({ kind: 'stdin-end' }),
  fc.record({ columns: cells, rows: cells }).map((size): ClientFrame => ({ kind: 'resize', ...size })),
  fc.constantFrom('SIGINT', 'SIGTERM').map((name): ClientFrame => ({ kind: 'signal', name })),
);
const serverFrame: fc.Arbitrary<ServerFrame> = fc.oneof(
  bytes.map((data): ServerFrame => ({ kind: 'stdout', data })),
  bytes.map((data): ServerFrame => ({ kind: 'stderr', data })),
  fc
    .record({ code: fc.option(fc.integer({ min: 0, max: 255 })), outOfMemory: fc.boolean() })
    .map((exit): ServerFrame => ({ kind: 'exit', ...exit })),
);

/** Cuts bytes into pieces of the given lengths, in turn. */
function pieces(data: Buffer, lengths: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let from = 0, turn = 0; from < data.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    cut.push(data.subarray(from, from + length));
    from += length;
  }
  return cut;
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

describe('the attach codec', () => {
  it("reads a client's frames as they were, in whatever pieces they arrive", () => {
    fc.assert(
      fc.property(fc.array(clientFrame), lengths, (frames, cuts) => {
        const reader = FrameReader.ofClient();
        const sent = Buffer.concat(frames.map(encodeClientFrame));
        expect(pieces(sent, cuts).flatMap((piece) => reader.push(piece))).toEqual(frames);
      }),
    );
  });

  it("reads a server's frames as they were, in whatever pieces they arrive", () => {
    fc.assert(
      fc.property(fc.array(serverFrame), lengths, (frames, cuts) => {
        const reader = FrameReader.ofServer();
        const sent = Buffer.concat(frames.map(encodeServerFrame));
        expect(pieces(sent, cuts).flatMap((piece) => reader.push(piece))).toEqual(frames);
      }),
    );
  });

  it('carries an exit with its message', () => {
    const exit: ServerFrame = { kind: 'exit', code: null, outOfMemory: true, message: 'R14' };
    expect(FrameReader.ofServer().push(encodeServerFrame(exit))).toEqual([exit]);
  });

  it('splits data that is greater than a frame may be', () => {
    const data = Buffer.alloc(MAX_PAYLOAD * 2 + 1, 'x');
    const frames = FrameReader.ofClient().push(encodeClientFrame({ kind: 'stdin', data }));
    expect(frames).toHaveLength(3);
    const received = Buffer.concat(
      frames.map((frame) => (frame.kind === 'stdin' ? frame.data : Buffer.alloc(0))),
    );
    // Not toEqual: it compares half a megabyte element by element.
    expect(received.equals(data)).toBe(true);
  });

  it.each([
    ['a length over the limit', Buffer.from([0, 0xff, 0xff, 0xff, 0xff])],
    ['a kind that nobody sends', Buffer.from([99, 0, 0, 0, 0])],
    ["a server's frame from a client", encodeServerFrame({ kind: 'stdout', data: Buffer.from('x') })],
    ['a size that is no JSON', Buffer.from([2, 0, 0, 0, 1, 0x7b])],
    ['a size of nothing', Buffer.concat([Buffer.from([2, 0, 0, 0, 2]), Buffer.from('{}')])],
  ])('refuses %s', (_what, data) => {
    expect(() => FrameReader.ofClient().push(data)).toThrow(FrameError);
  });

  it('never answers junk with anything but frames or a FrameError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (junk) => {
        try {
          FrameReader.ofClient().push(Buffer.from(junk));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});
