import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sources } from '../../../daemon/build/receive.js';
import { tempFolder, writeFiles } from './support.js';

const LIMITS = { sourceBytes: 1_048_576, reserveBytes: 0 };

async function* body(...parts: readonly (string | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
    await new Promise(setImmediate);
  }
}

describe('a source', () => {
  test('is received whole, with its size and hash', async () => {
    const sources = new Sources(join(tempFolder(), 'sources'), LIMITS);
    const received = await sources.receive('s1', body('hello ', 'world'), null);
    const sha256 = createHash('sha256').update('hello world').digest('hex');
    expect(received).toEqual({ id: 's1', bytes: 11, sha256 });
    expect(readFileSync(await sources.locate('s1'), 'utf8')).toBe('hello world');
  });

  test('is refused before its first byte when it announces too much', async () => {
    const folder = tempFolder();
    const never = body(new Error('was read'));
    await expect(new Sources(folder, LIMITS).receive('s1', never, 2_000_000)).rejects.toMatchObject({
      id: 'too_large',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is refused when it turns out too large, and nothing of it is kept', async () => {
    const folder = tempFolder();
    const large = body(...Array.from({ length: 3 }, () => 'x'.repeat(500_000)));
    await expect(new Sources(folder, LIMITS).receive('s1', large, 10)).rejects.toMatchObject({
      id: 'too_large',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is refused early and clearly when the disk is too full', async () => {
    const folder = tempFolder();
    const sources = new Sources(folder, { ...LIMITS, reserveBytes: Number.MAX_SAFE_INTEGER });
    const receiving = sources.receive('s1', body(new Error('was read')), null);
    await expect(receiving).rejects.toMatchObject({ id: 'insufficient_storage' });
    await expect(receiving).rejects.toThrow(/disk is too full.*MB are free/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not kept when the client goes away in the middle', async () => {
    const folder = tempFolder();
    const receiving = new Sources(folder, LIMITS).receive('s1', body('half', new Error('aborted')), 8);
    await expect(receiving).rejects.toThrow('aborted');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('received twice at once is one of the two, whole', async () => {
    const sources = new Sources(tempFolder(), LIMITS);
    const texts = ['a'.repeat(1000), 'b'.repeat(1000)];
    await Promise.all(
      texts.map((text) => sources.receive('s1', body(text.slice(0, 500), text.slice(500)), null)),
    );
    expect(texts).toContain(readFileSync(await sources.locate('s1'), 'utf8'));
  });

  test('cannot have a name that leads elsewhere', async () => {
    const sources = new Sources(tempFolder(), LIMITS);
    await expect(sources.receive('../x', body('x'), null)).rejects.toMatchObject({ id: 'not_found' });
    await expect(sources.locate('../../etc/passwd')).rejects.toMatchObject({ id: 'not_found' });
  });

  test('is swept when it is old, as is what a cut-off receive left, and never one that is being received', async () => {
    const folder = writeFiles(tempFolder(), { old: 'x', new: 'x', 'old.1.tmp': 'x', 'new.1.tmp': 'x' });
    const now = Date.now();
    for (const name of ['old', 'old.1.tmp'])
      utimesSync(join(folder, name), (now - 10_000) / 1000, (now - 10_000) / 1000);
    await new Sources(folder, LIMITS).sweep(now, 5000);
    expect(readdirSync(folder)).toEqual(['new', 'new.1.tmp']);
  });
});

test('what a killed tfkd was receiving is gone after the next start, and what it had received stays', async () => {
  const folder = tempFolder();
  writeFiles(folder, { done: 'whole', 'half.123.tmp': 'ha' });
  await new Sources(folder, LIMITS).recover();
  expect(readdirSync(folder)).toEqual(['done']);
});
