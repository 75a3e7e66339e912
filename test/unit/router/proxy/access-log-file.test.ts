import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listSegments, parseAccessLine, segmentName } from '../../../../daemon/router/control/access-log.js';
import { DEFAULT_LIMITS } from '../../../../daemon/router/limits.js';
import { AccessLogFile } from '../../../../daemon/router/proxy/access-log-file.js';
import { createLogger } from '../../../../daemon/shared/logger.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfk-access-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function logFor(slot: number, limits: Partial<typeof DEFAULT_LIMITS> = {}): AccessLogFile {
  const logger = createLogger('silent', 'test');
  return new AccessLogFile({
    folder,
    slot,
    limits: { ...DEFAULT_LIMITS, ...limits },
    logger,
    wallClock: () => 1_000,
  });
}

async function linesOf(paths: readonly string[]) {
  const contents = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return contents.flatMap((content) => content.split('\n').slice(0, -1).map(parseAccessLine));
}

test('lines arrive once, in order, over as many segments as they need, each with a later time', async () => {
  const log = logFor(0, { logSegmentBytes: 500 });
  for (let i = 0; i < 100; i++) {
    log.write('app', `line ${i} "quoted"`);
    if (i % 7 === 0) await log.flush();
  }
  await log.close();
  const segments = await listSegments(folder);
  expect(segments.length).toBeGreaterThan(5);
  expect(segments.map(({ finished }) => finished)).toEqual(segments.map((_, i) => i < segments.length - 1));
  const lines = await linesOf(segments.map(({ path }) => path));
  expect(lines.map((line) => line?.text)).toEqual(
    Array.from({ length: 100 }, (_, i) => `line ${i} "quoted"`),
  );
  expect(lines.map((line) => line?.time)).toEqual(Array.from({ length: 100 }, (_, i) => 1_000_000 + i));
});

test('a new worker never appends to the file of a dead one', async () => {
  const half = '{"appId":"a","time":1,"te';
  await writeFile(join(folder, segmentName(3, 41)), half);
  const log = logFor(3);
  log.write('a', 'new');
  await log.close();
  const segments = await listSegments(folder);
  expect(segments.map(({ seq, finished }) => [seq, finished])).toEqual([
    [41, true],
    [42, false],
  ]);
  expect(await readFile(segments[0]?.path ?? '', 'utf8')).toBe(half);
});

test('when nobody reads, the oldest segments go', async () => {
  const log = logFor(0, { logSegmentBytes: 1, logSegments: 4 });
  for (let i = 0; i < 10; i++) {
    log.write('a', `line ${i}`);
    await log.flush();
  }
  await log.close();
  expect((await listSegments(folder)).map(({ seq }) => seq)).toEqual([7, 8, 9, 10]);
});

test('a disk that takes nothing costs lines, not the worker, and lines come again afterwards', async () => {
  await rm(folder, { recursive: true });
  await writeFile(folder, 'not a folder');
  const log = logFor(0);
  log.write('a', 'lost');
  await log.flush();
  await rm(folder);
  log.write('a', 'kept');
  await log.close();
  const lines = await linesOf((await listSegments(folder)).map(({ path }) => path));
  expect(lines.map((line) => line?.text)).toEqual(['kept']);
});

test('what is not an access line is told from one', () => {
  expect(parseAccessLine('{"appId":"a","time":1,"text":"x"}')).toEqual({ appId: 'a', time: 1, text: 'x' });
  for (const line of ['', '{', '{"appId":"a"}', 'null', '[]']) expect(parseAccessLine(line)).toBeUndefined();
});
