import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addFiles } from '../../../daemon/build/add-files.js';

const FILES = { '.tfk/static-server/main.mjs': 'ours' };

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a plan’s files are added, and what is there stays', async () => {
  const folder = await aFolder();
  await mkdir(join(folder, '.tfk'));
  await writeFile(join(folder, 'a'), 'theirs');
  await addFiles(folder, { ...FILES, a: 'ours', 'b/c': 'ours' });
  const read = (path: string) => readFile(join(folder, path), 'utf8');
  expect(await read('.tfk/static-server/main.mjs')).toBe('ours');
  expect([await read('a'), await read('b/c')]).toEqual(['theirs', 'ours']);
});

test.each<[string, (folder: string) => Promise<void>]>([
  ['.tfk is a file', (folder) => writeFile(join(folder, '.tfk'), '')],
  ['.tfk is a link', (folder) => symlink('nowhere', join(folder, '.tfk'))],
  [
    '.tfk/static-server is a file',
    async (folder) => {
      await mkdir(join(folder, '.tfk'));
      await writeFile(join(folder, '.tfk/static-server'), '');
    },
  ],
])('where %s, that is said', async (what, make) => {
  const folder = await aFolder();
  await make(folder);
  await expect(addFiles(folder, FILES)).rejects.toMatchObject({
    reason: 'plan',
    message: expect.stringContaining(what) as string,
    hint: expect.stringContaining('.slugignore') as string,
  });
});
