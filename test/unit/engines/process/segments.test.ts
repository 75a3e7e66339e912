import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  cursorOf,
  forgetBefore,
  positionOf,
  SegmentReader,
  segmentsIn,
  START,
} from '../../../../daemon/engines/process/logs/segments.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'tfk-segments-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const segment = (number: number) => join(run, `log.${String(number).padStart(8, '0')}`);

async function readAll(reader: SegmentReader) {
  let [text, lost] = ['', 0];
  for (let chunk = await reader.read(1_000); chunk; chunk = await reader.read(1_000)) {
    text += chunk.bytes.toString();
    lost += chunk.lost;
  }
  await reader.close();
  return { text, lost };
}

test('segments are read one after the other as one stream', async () => {
  await writeFile(segment(0), 'ab');
  await writeFile(segment(1), 'cd');
  expect(await readAll(new SegmentReader(run, START))).toEqual({ text: 'abcd', lost: 0 });
});

test('reading goes on where a cursor stands, and with what has come since', async () => {
  await writeFile(segment(0), 'abc');
  const reader = new SegmentReader(run, positionOf(cursorOf({ segment: 0, offset: 1 })));
  expect((await reader.read(10))?.bytes.toString()).toBe('bc');
  expect(await reader.read(10)).toBeNull();
  await appendFile(segment(0), 'd');
  await writeFile(segment(1), 'e');
  expect(await readAll(reader)).toEqual({ text: 'de', lost: 0 });
});

test('what was deleted unread is counted, from the cursor on', async () => {
  await writeFile(join(run, 'dropped'), '0 100\n1 200\n2 300\n');
  await writeFile(segment(3), 'rest');
  expect(await readAll(new SegmentReader(run, { segment: 1, offset: 50 }))).toEqual({
    text: 'rest',
    lost: 450,
  });
});

test('a segment that was consumed and then dropped is no loss', async () => {
  await writeFile(join(run, 'dropped'), '0 100\n');
  await writeFile(segment(1), 'rest');
  expect(await readAll(new SegmentReader(run, { segment: 0, offset: 100 }))).toEqual({
    text: 'rest',
    lost: 0,
  });
});

test('a segment deleted while it is open is read to its end, and is no loss', async () => {
  await writeFile(segment(0), 'abcd');
  const reader = new SegmentReader(run, START);
  await reader.read(2);
  await rm(segment(0));
  await writeFile(join(run, 'dropped'), '0 4\n');
  await writeFile(segment(1), 'ef');
  expect(await readAll(reader)).toEqual({ text: 'cdef', lost: 0 });
});

test('what lies before a cursor goes, the cursor’s own segment stays', async () => {
  for (const number of [0, 1, 2]) await writeFile(segment(number), 'x');
  await forgetBefore(run, { segment: 1, offset: 1 });
  expect(await segmentsIn(run)).toEqual([1, 2]);
});

test.each([null, '', '{', '7', '{"segment":"a","offset":0}', '{"segment":1}'])(
  '%j is read from the start',
  (cursor) => {
    expect(positionOf(cursor)).toEqual(START);
  },
);
