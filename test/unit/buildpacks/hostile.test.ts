import { expect, test } from 'vitest';
import { lockedVersions } from '../../../buildpacks/python/locked-versions.js';
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

test('brackets in requirements.txt are compared in no time', () => {
  expect(lockedVersions('requirements.txt', 'a[\n'.repeat(SIZE / 3))).toEqual({});
});
