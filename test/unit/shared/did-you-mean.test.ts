import { expect, it } from 'vitest';
import { suggest } from '../../../daemon/shared/did-you-mean.js';

const names = ['users-api', 'users-web', 'billing', 'web', 'worker'];

it.each([
  ['user-api', ['users-api']],
  ['usres-api', ['users-api']],
  ['Users-API', ['users-api']],
  ['wbe', ['web']],
  ['we', ['web']],
  ['workr', ['worker']],
  ['users', ['users-api', 'users-web']],
  ['', []],
  ['zzz', []],
])('for %j suggests %j', (word, expected) => {
  expect(suggest(word, names)).toEqual(expected);
});

it('suggests at most three, the closest first', () => {
  expect(suggest('aaaaa', ['aaabb', 'aaaab', 'aaaaa', 'aaaba', 'aabaa'])).toEqual([
    'aaaaa',
    'aaaab',
    'aaaba',
  ]);
});

it('takes no time for a word of absurd length', () => {
  expect(suggest('x'.repeat(100_000), ['x'.repeat(99)])).toEqual(['x'.repeat(99)]);
});
