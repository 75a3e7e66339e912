import { describe, expect, test } from 'vitest';
import type { ClosedStep } from '../../../buildpacks/plan.js';
import { configOf, inputsOf } from '../../../daemon/engines/build/step-inputs.js';
import { treeDigest, type TreeEntry } from '../../../daemon/shared/tree.js';

const aStep = (rest: Partial<ClosedStep>): ClosedStep => ({
  name: 'install',
  title: 'Installing',
  inputs: [],
  commands: [],
  env: {},
  caches: {},
  layers: ['deps'],
  ...rest,
});

/** Files by path and content, folders by a path that ends in `/`, links by `-> target`. */
const aSource = (files: Readonly<Record<string, string>>): TreeEntry[] =>
  Object.entries(files).map(([path, content]): TreeEntry => {
    if (path.endsWith('/')) return { type: 'folder', path: path.slice(0, -1) };
    if (content.startsWith('-> ')) return { type: 'link', path, target: content.slice(3) };
    return { type: 'file', path, executable: false, size: content.length, digest: content };
  });

const seen = (inputs: readonly string[], files: Readonly<Record<string, string>>): string[] =>
  inputsOf(aStep({ inputs }), aSource(files)).map(({ path }) => path);

describe('what a closed step sees', () => {
  test('are its files, and no others', () => {
    expect(seen(['lock', 'folder', 'none'], { 'folder/': '', 'folder/a': '', lock: '', other: '' })).toEqual([
      'lock',
    ]);
  });

  test.each<[string, Record<string, string>, string[]]>([
    ['a file', { 'all/': '', 'all/web': '', lock: '-> all/web' }, ['all', 'all/web', 'lock']],
    [
      'another link, by way of a third',
      { 'a/': '', 'a/x': '-> ../b/y', b: '-> c', 'c/': '', 'c/y': '1', 'c/z': '2', lock: '-> a/x' },
      ['a', 'a/x', 'b', 'c', 'c/y', 'lock'],
    ],
    [
      'a folder, with the links in it',
      { 'd/': '', 'd/e/': '', 'd/e/f': '1', 'd/g': '-> ../h', h: '2', lock: '-> d', other: '' },
      ['d', 'd/e', 'd/e/f', 'd/g', 'h', 'lock'],
    ],
    ['nothing', { lock: '-> gone/x' }, ['lock']],
    ['itself', { lock: '-> lock' }, ['lock']],
  ])('is all that a link leads to: %s', (_what, files, paths) => {
    expect(seen(['lock'], files)).toEqual(paths);
  });

  test('is found in a time that grows with the source, not with its square', () => {
    const folders = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`d/${index}/`, '']));
    expect(seen(['lock'], { 'd/': '', ...folders, lock: '-> d' })).toHaveLength(60_002);
  });

  test('is refused where links lead on and on', () => {
    const to = (name: string) => `-> ${'d/../'.repeat(800)}${name}`;
    const chain = Array.from({ length: 39 }, (_, index) => [`c${index}`, to(`c${index + 1}`)]);
    const into = Array.from({ length: 10_000 }, (_, index) => [`d/${index}`, '-> ../c0']);
    const files = Object.fromEntries([['d/', ''], ...chain, ['c39', ''], ...into, ['lock', '-> d']]);
    expect(() => seen(['lock'], files)).toThrow(/Too many symbolic links .* have passed 100000 names/);
  });

  test('is another thing when what lies behind a link changes', () => {
    const digest = (content: string) =>
      treeDigest(inputsOf(aStep({ inputs: ['lock'] }), aSource({ 'a.txt': content, lock: '-> a.txt' })));
    expect(digest('2')).not.toBe(digest('1'));
  });
});

test('a closed step gets the config vars that it names, any other all that the build is given', () => {
  const config = { TOKEN: 't', OTHER: 'o' };
  expect(configOf(aStep({ config: ['TOKEN', 'NONE'] }), config)).toEqual({ TOKEN: 't' });
  expect(configOf(aStep({}), config)).toEqual({});
  expect(configOf({ ...aStep({}), inputs: 'source' }, config)).toEqual(config);
});
