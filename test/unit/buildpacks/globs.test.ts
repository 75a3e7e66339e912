import { describe, expect, test } from 'vitest';
import { fitsName, fitsPath } from '../../../buildpacks/glob.js';
import { globs } from '../../../buildpacks/node/globs.js';

test.each([
  ['web', 'web', true],
  ['web', 'w*', true],
  ['web', '*b', true],
  ['web', 'w?b', true],
  ['web', 'w?', false],
  ['web-app', 'web', false],
  ['a.b', 'a?b', true],
  ['aXbXc', 'a*b*c', true],
  ['aXbX', 'a*b*c', false],
  ['', '*', true],
])('the name %j by %j: %j', (name, glob, fits) => {
  expect(fitsName(name, glob)).toBe(fits);
});

test.each([
  ['packages/web', 'packages/*', true],
  ['packages/web/test', 'packages/*', false],
  ['packages/web/test', '**/test', true],
  ['packages/web/test', 'packages/**', true],
  ['packages/web', './packages/web/', true],
  ['packages', '**/test/**', false],
])('the path %j by %j: %j', (path, glob, fits) => {
  expect(fitsPath(path, glob)).toBe(fits);
});

describe('patterns', () => {
  test('are taken apart at their braces, each once', () => {
    expect([...globs(['{a,b}/{c,d}', 'a/c', '!x'])].sort()).toEqual(['!x', 'a/c', 'a/d', 'b/c', 'b/d']);
  });

  test('of hostile length, number or choice are refused', () => {
    expect(() => globs(['*'.repeat(300)])).toThrow(/300 characters/);
    expect(() => globs(Array.from({ length: 300 }, (_, index) => `p${index}`))).toThrow(/more than 200/);
    expect(() => globs(['{a,b,c,d}'.repeat(9)])).toThrow(/Too many choices/);
  });

  test('that would send a regular expression back and forth take no time', () => {
    expect(fitsName('a'.repeat(10_000), `${'*a'.repeat(50)}*b`)).toBe(false);
    expect(fitsPath('a/'.repeat(500), `${'**/a/'.repeat(20)}b`)).toBe(false);
  });
});
