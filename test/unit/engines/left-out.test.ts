import { expect, test } from 'vitest';
import { leftOutBy } from '../../../daemon/engines/build/left-out.js';

test('a plan leaves out what its patterns name, however many they and its folders are', () => {
  const long = 'x'.repeat(300);
  const isLeftOut = leftOutBy(Array.from({ length: 500 }, (_, index) => `/out-${index}-${long}/`));
  const folders = Array.from({ length: 5000 }, (_, index) => `in-${index}`);
  const leftOut = [`out-7-${long}`, `out-499-${long}/a`];
  expect([...folders, ...leftOut].filter(isLeftOut)).toEqual(leftOut);
});
