import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sourceTree } from '../../../daemon/build/source-tree.js';

function aSource() {
  const parent = mkdtempSync(join(tmpdir(), 'tfk-test-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  writeFileSync(join(parent, 'outside'), 'secret');
  const folder = join(parent, 'source');
  mkdirSync(join(folder, 'requirements'), { recursive: true });
  writeFileSync(join(folder, 'requirements/web.txt'), 'flask');
  return {
    tree: sourceTree(folder),
    link: (target: string, path: string) => symlinkSync(target, join(folder, path)),
  };
}

test('a file is read where a link leads to it, also by way of others', () => {
  const { tree, link } = aSource();
  link('requirements/web.txt', 'requirements.txt');
  link('requirements.txt', 'again.txt');
  expect(tree.read('requirements.txt')).toBe('flask');
  expect(tree.read('again.txt')).toBe('flask');
  expect(tree.list('')).toEqual(['again.txt', 'requirements.txt', 'requirements/']);
});

test('links to folders, to nothing and out of the source are there, and are not followed', () => {
  const { tree, link } = aSource();
  link('requirements', 'folder');
  link('none', 'nothing');
  link('../outside', 'out');
  link('..', 'above');
  for (const path of ['folder', 'nothing', 'out', 'above']) {
    expect([tree.has(path), tree.read(path)]).toEqual([true, null]);
  }
  expect(tree.read('above/outside')).toBeNull();
  expect(tree.read('folder/web.txt')).toBeNull();
  expect(tree.list('folder')).toEqual([]);
});

test('what no file can be called is not there', () => {
  const { tree } = aSource();
  for (const path of ['a'.repeat(300), 'a/'.repeat(5000), 'a\0b']) {
    expect([tree.has(path), tree.read(path), tree.list(path)]).toEqual([false, null, []]);
  }
});
