import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { BuildFolders, unpublish } from '../../../../daemon/engines/process/build/folders.js';
import { removeTree } from '../../../../daemon/engines/process/build/remove.js';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** With a folder of a user whom modes bind, and as that user: they do not bind root. */
async function boundByModes(act: (home: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  if (!isRoot) return act(home);
  chownSync(home, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await act(home);
  } finally {
    process.seteuid?.(0);
  }
}

/** As build commands may leave it: neither it nor what is in it may be changed. */
function aLocked(folder: string): string {
  mkdirSync(join(folder, 'in'), { recursive: true });
  writeFileSync(join(folder, 'in/file'), '');
  chmodSync(join(folder, 'in'), 0o000);
  chmodSync(folder, 0o555);
  return folder;
}

test('a folder that build commands locked is removed all the same', () =>
  boundByModes(async (home) => {
    const locked = aLocked(join(home, 'locked'));
    await removeTree(locked);
    expect(existsSync(locked)).toBe(false);
    await removeTree(locked);
  }));

test('a build gets an empty folder in the place of a locked one, and a locked slug goes', () =>
  boundByModes(async (home) => {
    const folders = new BuildFolders(home);
    aLocked(join(folders.staging, 'app'));
    expect(readdirSync(await folders.stagingOf('app'))).toEqual([]);
    expect(readdirSync(folders.staging)).toEqual(['app']);
    await unpublish(aLocked(join(folders.slugs, 'slug')));
    expect(readdirSync(folders.slugs)).toEqual([]);
  }));
