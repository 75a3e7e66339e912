import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BuildFailure } from '../../../daemon/build/failure.js';
import { faultOf } from '../../../daemon/build/reader-end.js';
import { SourceReader } from '../../../daemon/build/source-reader.js';
import { TfkError } from '../../../daemon/shared/errors.js';

/** What is thrown where this is the program that reads. */
async function endOf(program: string | null): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'tfk-reader-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'main.mjs');
  if (program !== null) writeFileSync(path, program);
  const limits = { milliseconds: 20_000, memoryMegabytes: 64 };
  const reader = new SourceReader(path, folder, limits, new AbortController().signal);
  onTestFinished(() => reader.close());
  return reader.ask('contents', null).catch((error: unknown) => error);
}

test.each([
  ['its heap is full', 'const a = []; for (;;) a.push({ a: [a.length] });', /more than 64 MB of memory/],
  ['its processor time is over', "process.kill(process.pid, 'SIGXCPU'); setInterval(() => 0, 1000)", /time/],
  ['something kills it', "process.kill(process.pid, 'SIGKILL')", /ended by SIGKILL/],
])('a program that ends since %s says so of the source', async (_, program, message) => {
  const error = await endOf(program);
  expect(error).toBeInstanceOf(BuildFailure);
  expect(error).toMatchObject({ reason: 'plan', message: expect.stringMatching(message) as string });
});

test.each([
  ['is not there', null, /exited with status 1: .*Cannot find module/],
  ['fails', "throw new Error('nothing works')", /exited with status 1: .*nothing works/],
  [
    'says what is none of its answers',
    "console.log('who knows'); setInterval(() => 0, 1000)",
    /says what is no answer: who knows/,
  ],
  ['says much', "console.error('x'.repeat(1e5)); process.exitCode = 3", /^.{0,80}status 3: x{900,1024}\.$/],
])('a program that %s is no fault of the source', async (_, program, message) => {
  const error = await endOf(program);
  expect(error).toBeInstanceOf(TfkError);
  expect(error).toMatchObject({
    message: expect.stringMatching(message) as string,
    hint: expect.stringContaining('tfk daemon stop') as string,
  });
});

test('an end is told by status as by signal', () => {
  expect(faultOf({ code: 134, signal: null, said: '' })).toBe('memory');
  expect(faultOf({ code: null, signal: 'SIGTRAP', said: 'JavaScript heap out of memory' })).toBe('memory');
  expect(faultOf({ code: 0, signal: null, said: '' })).toBeNull();
});
