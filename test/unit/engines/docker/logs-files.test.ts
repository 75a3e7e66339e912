import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileTail, NotReadable } from '../../../../daemon/engines/docker/logs/file/file-tail.js';
import type { Mark } from '../../../../daemon/engines/docker/logs/progress.js';

const FILES = 3;

let folder: string;
let written: number;
let tail: FileTail;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfk-logs-'));
  written = 0;
  tail = new FileTail(folder, { files: FILES, fileBytes: 1_000 });
});

afterEach(async () => {
  await tail.close();
  await rm(folder, { recursive: true });
});

const path = (index: number) => join(folder, index === 0 ? 'container.log' : `container.log.${index}`);

/** A record of stdout as dockerd writes it, with its number as its line, and as its time. */
function record(number: number): Buffer {
  const line = Buffer.from(String(number).padStart(8, '0'));
  const message = Buffer.concat([
    Buffer.from('0a067374646f7574', 'hex'),
    Buffer.from([0x10, 0x80 | (number & 0x7f), number >> 7, 0x1a, line.length]),
    line,
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message, length]);
}

async function write(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await appendFile(path(0), record((written += 1)));
}

/** What dockerd does when a file is full. */
async function rotate(): Promise<void> {
  await rm(path(FILES - 1), { force: true });
  for (let index = FILES - 1; index > 0; index -= 1) {
    if (existsSync(path(index - 1))) await rename(path(index - 1), path(index));
  }
  await writeFile(path(0), '');
}

async function readAll(finished = false): Promise<{ numbers: number[]; lost: number }> {
  const numbers: number[] = [];
  let lost = 0;
  for (let chunk = await tail.read(finished); chunk; chunk = await tail.read(finished)) {
    numbers.push(...chunk.records.map(({ bytes }) => Number(bytes.toString())));
    lost += chunk.lost;
  }
  return { numbers, lost };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('reads on through changes of files, also when several come at once', async () => {
  await tail.open(null, null);
  await write(3);
  expect(await readAll()).toEqual({ numbers: [1, 2, 3], lost: 0 });
  await write(1);
  await rotate();
  await write(2);
  await rotate();
  await write(1);
  expect(await readAll()).toEqual({ numbers: [4, 5, 6, 7], lost: 0 });
});

test('reads a file to its end that dockerd has deleted', async () => {
  await write(2);
  await tail.open(null, null);
  await rotate();
  await write(2);
  await tail.look();
  for (let index = 0; index < FILES - 1; index += 1) {
    await rotate();
    await write(2);
    await tail.look();
  }
  expect(await readAll()).toEqual({ numbers: range(1, written), lost: 0 });
});

test('tells a loss when no file is left of those it knew', async () => {
  await write(2);
  await tail.open(null, null);
  expect((await readAll()).numbers).toEqual([1, 2]);
  for (let index = 0; index <= FILES; index += 1) {
    await rotate();
    await write(2);
  }
  const { numbers, lost } = await readAll();
  expect(numbers).toEqual(range(written - 2 * FILES + 1, written));
  expect(lost).toBeGreaterThan(0);
});

test('lets go of files when it hangs back too far, and tells how much they held', async () => {
  await write(1);
  await tail.open(null, null);
  for (let index = 0; index < 10; index += 1) {
    await rotate();
    await write(2);
    await tail.look();
  }
  const { numbers, lost } = await readAll();
  expect(numbers.at(0)).toBe(1);
  expect(numbers.slice(1)).toEqual(range(written - numbers.length + 2, written));
  expect(lost).toBe((written - numbers.length) * record(1).length);
  expect(lost).toBeGreaterThan(0);
});

test('waits for a record that is not whole yet, and counts it when nothing more comes', async () => {
  await write(1);
  await tail.open(null, null);
  await appendFile(path(0), record(2).subarray(0, 10));
  expect(await readAll()).toEqual({ numbers: [1], lost: 0 });
  expect(await tail.hasMore()).toBe(false);
  await appendFile(path(0), record(2).subarray(10));
  expect(await tail.hasMore()).toBe(true);
  await appendFile(path(0), record(3).subarray(0, 10));
  expect(await readAll()).toEqual({ numbers: [2], lost: 0 });
  expect(await readAll(true)).toEqual({ numbers: [], lost: 10 });
});

test('finds its place again by the record before it, wherever the file is now', async () => {
  await write(3);
  await rotate();
  await write(3);
  await rotate();
  const mark = (number: number): Mark => ({
    stream: 'stdout',
    time: { micros: Math.floor(number / 1000), nanos: number % 1000 },
    count: 1,
  });
  const offset = 2 * record(1).length;
  expect(await tail.open(mark(2), offset)).toBe(true);
  expect(await readAll()).toEqual({ numbers: [3, 4, 5, 6], lost: 0 });
  await tail.close();
  expect(await tail.open(mark(5), offset)).toBe(true);
  expect(await readAll()).toEqual({ numbers: [6], lost: 0 });
  await tail.close();
  expect(await tail.open(mark(4), offset)).toBe(false);
});

test('refuses files of another format', async () => {
  await writeFile(path(0), `${JSON.stringify({ log: 'a line\n', stream: 'stdout' })}\n`.repeat(10));
  await expect(tail.open(null, null)).rejects.toThrow(NotReadable);
});
