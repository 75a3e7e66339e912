import { expect, test } from 'vitest';
import { lockedVersions } from '../../../buildpacks/python/locked-versions.js';
import { lockedVersions as rustLocked } from '../../../buildpacks/rust/locked-versions.js';
import { planners } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

const SIZE = 400_000;
const context = { config: {}, images: false };

/** Each took minutes once: patterns that go back over the same blanks or lines again and again. */
test.each<[string, Record<string, unknown>]>([
  ['newlines in pyproject.toml', { 'pyproject.toml': '\n'.repeat(SIZE) }],
  ['comments behind a return', { 'requirements.txt': `${' #'.repeat(SIZE / 2)}\rx` }],
  ['blanks in go.mod', { 'go.mod': `module (${' '.repeat(SIZE)}` }],
  [
    'blanks in a script',
    {
      'package.json': {
        scripts: { start: `eleventy${' '.repeat(SIZE)}x`, build: 'eleventy' },
        devDependencies: { '@11ty/eleventy': '3' },
      },
    },
  ],
  [
    'wildcards of workspaces',
    { 'package.json': { workspaces: ['*a*a*a*a*a*a*a*a*b'] }, [`${'a'.repeat(100)}/package.json`]: {} },
  ],
])('%s are read in no time', (_, files) => {
  const source = aTree(files);
  for (const planner of planners.filter((candidate) => candidate.detect(source, context))) {
    try {
      planner.plan(source, context);
    } catch {
      // A refusal is as good.
    }
  }
});

const planOf = (planner: string, files: Record<string, unknown>) => () =>
  planners.find(({ name }) => name === planner)?.plan(aTree(files), context);

test.each<[string, string, Record<string, unknown>]>([
  ['engines.node', 'node', { 'package.json': { engines: { node: '>=1.0.0 || '.repeat(30_000) + '>=1' } } }],
  [
    'requires-python',
    'python',
    { 'pyproject.toml': `[project]\nrequires-python = "${'>=3.1,'.repeat(30_000)}>=3"` },
  ],
])('a range of any length in %s is none', (field, planner, files) => {
  expect(planOf(planner, files)).toThrow(
    expect.objectContaining({ name: 'PlanError', message: expect.stringContaining(field) as string }),
  );
});

test('a range of any length of a package manager is left alone', () => {
  const engines = { npm: '1.0.0 || '.repeat(30_000) + '>=1' };
  expect(JSON.stringify(planOf('node', { 'package.json': { engines } })())).not.toContain('1.0.0 ||');
});

test('a requirements file that names another again and again names it once, and no more than a few hundred', () => {
  const again = { 'requirements.txt': '-r a.txt\n'.repeat(60_000), 'a.txt': '-r requirements.txt\nflask' };
  expect(planOf('python', again)()).toMatchObject({ planner: 'python' });
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`r${n}.txt`, `-r r${n + 1}.txt`]));
  expect(planOf('python', { ...many, 'requirements.txt': '-r r0.txt', 'r1000.txt': '' })).toThrow(
    /more than 200 requirements files/,
  );
});

test('programs that need features are told in no time', () => {
  const bins = Array.from(
    { length: 8000 },
    (_, n) => `[[bin]]\nname = "b${n}"\nrequired-features = ["f7999"]`,
  );
  const features = Array.from({ length: 8000 }, (_, n) => `f${n} = ["f${n + 1}"]`).join('\n');
  const manifest = `[package]\nname = "x"\n[features]\ndefault = ["f0"]\n${features}\n${bins.join('\n')}`;
  expect(planOf('rust', { 'Cargo.toml': manifest })()).toMatchObject({ planner: 'rust' });
});

test.each([
  ['bin', 'bin = 7'],
  ['bin', 'bin = [1, [2], "x"]'],
  ['workspace', 'workspace = [[[]]]'],
  ['members', 'workspace = {members = [1, {a = 2}, [3]]}'],
  ['features', 'features = [1]\nbin = [{name = "x", required-features = [[1]]}]'],
  ['package', '[[package]]\nname = 1'],
])('%s of an odd shape in Cargo.toml ends in an error of the plan, if in any', (_, manifest) => {
  try {
    planOf('rust', { 'Cargo.toml': manifest, 'Cargo.lock': 'package = 1' })();
  } catch (error) {
    expect(error).toMatchObject({ name: 'PlanError' });
  }
});

test('a crate that is locked in many versions is told in no time, and odd lock files tell nothing', () => {
  const entry = (n: number) => `[[package]]\nname = "x"\nversion = "1.0.${n}"\nsource = "registry"\n`;
  const lock = Array.from({ length: 120_000 }, (_, n) => entry(n)).join('');
  expect(Object.keys(rustLocked(lock))).toEqual(['x']);
  for (const odd of [
    'package = 1',
    '[[package]]\nname = 1',
    '[package]\nname = "x"',
    '[[package]]'.repeat(1000),
  ])
    expect(rustLocked(odd)).toEqual({});
});

test('brackets in requirements.txt are compared in no time', () => {
  expect(lockedVersions('requirements.txt', 'a[\n'.repeat(SIZE / 3))).toEqual({});
});
