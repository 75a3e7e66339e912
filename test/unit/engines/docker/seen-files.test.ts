import { expect, test } from 'vitest';
import { seenFiles } from '../../../../daemon/engines/docker/build/cnb/seen-files.js';
import type { TreeEntry } from '../../../../daemon/shared/tree.js';

const files = (...paths: string[]): TreeEntry[] =>
  paths.map((path) => ({ type: 'file', path, executable: false, size: 1, digest: '' }));
const folder = (path: string): TreeEntry => ({ type: 'folder', path });

test('a builder sees of the source what project.toml includes, or all but what it excludes', async () => {
  const source = [folder('a'), ...files('a/x.go', 'a/y', 'z')];
  const seen = async (kind: 'only' | 'without') =>
    (await seenFiles({ kind, patterns: ['*.go', 'z'] }, source)).map(({ path }) => path);
  expect(await seenFiles(null, source)).toBe(source);
  expect(await seen('only')).toEqual(['a/x.go', 'z']);
  expect(await seen('without')).toEqual(['a', 'a/y']);
});

test('is seen whole where it is large', async () => {
  const source = files(...Array.from({ length: 2500 }, (_, index) => `f${index}`));
  expect(await seenFiles({ kind: 'without', patterns: ['f7'] }, source)).toHaveLength(2499);
});

// Without a limit it would take years: all the ways to share out 300 folders among nine wildcards.
test('patterns that never come to an end are refused', async () => {
  const wanted = { kind: 'without', patterns: [`${'**/a/'.repeat(9)}b`] } as const;
  await expect(seenFiles(wanted, files(`${'a/'.repeat(300)}c`))).rejects.toMatchObject({
    fault: { reason: 'detect', message: expect.stringContaining('take too long') as string },
  });
});
