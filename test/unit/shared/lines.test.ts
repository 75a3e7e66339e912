import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstLine, LineSplitter, MAX_LINE_BYTES } from '../../../daemon/shared/lines.js';

const split = (...chunks: (string | Uint8Array)[]): string[] => {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk as string)));
  return [...lines, ...splitter.end()];
};

test.each([
  ['one\ntwo\n', ['one', 'two']],
  ['one\r\ntwo', ['one', 'two']],
  ['\n\r\n', ['', '']],
  ['a\rb\n', ['a\rb']],
  ['end\r', ['end\r']],
  ['nul\0here\n', ['nul\0here']],
  ['', []],
])('%j is %j', (text, lines) => {
  expect(split(text)).toEqual(lines);
});

test('bytes that are no UTF-8 are replaced', () => {
  expect(split(Uint8Array.of(0x61, 0xff, 0x62, 0x0a))).toEqual(['a\ufffdb']);
});

test('a line is held back until its end comes', () => {
  const splitter = new LineSplitter();
  expect(splitter.push(Buffer.from('half'))).toEqual([]);
  expect(splitter.push(Buffer.from(' line\nnext'))).toEqual(['half line']);
  expect(splitter.end()).toEqual(['next']);
});

test.each([MAX_LINE_BYTES - 1, MAX_LINE_BYTES])(
  'a line of %i bytes is one, with either line ending',
  (length) => {
    const line = 'x'.repeat(length);
    for (const ending of ['\n', '\r\n', '']) expect(split(`${line}${ending}`)).toEqual([line]);
  },
);

test('a longer line comes in pieces', () => {
  expect(split(`${'x'.repeat(MAX_LINE_BYTES + 1)}\n`)).toEqual(['x'.repeat(MAX_LINE_BYTES), 'x']);
});

test.each(['é', '€', '😀'])('a piece never ends inside %s', (character) => {
  for (let before = 0; before < 5; before++) {
    const text = 'x'.repeat(MAX_LINE_BYTES - before) + character.repeat(3_000);
    const lines = split(`${text}\n`);
    expect(lines.join('')).toBe(text);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES);
  }
});

const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('\n', '\r\n', '\r', 'é', '😀', 'x'.repeat(4_999)).map((text) => Buffer.from(text)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

test('how the bytes are cut into chunks makes no difference', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(5_000), { maxLength: 20 }), (input, sizes) => {
      const chunks: Buffer[] = [];
      let rest = input;
      for (const size of sizes) {
        chunks.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      expect(split(...chunks, rest)).toEqual(split(input));
    }),
  );
});

test('every byte is taken once, and no line is longer than it may be', () => {
  fc.assert(
    fc.property(bytes, (input) => {
      let rest = input;
      for (let line = firstLine(rest, true); line; line = firstLine(rest, true)) {
        expect(line.bytes).toBeGreaterThan(0);
        expect(Buffer.byteLength(line.text)).toBeLessThanOrEqual(MAX_LINE_BYTES);
        expect(line.text).not.toContain('\n');
        rest = rest.subarray(line.bytes);
      }
      expect(rest).toHaveLength(0);
    }),
  );
});
