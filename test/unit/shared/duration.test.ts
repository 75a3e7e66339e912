import { expect, it } from 'vitest';
import { inWords } from '../../../daemon/shared/duration.js';

it.each([
  [86_400_000, '24 hours'],
  [3_600_000, '1 hour'],
  [5_400_000, '90 minutes'],
  [60_000, '1 minute'],
  [150_000, '150 seconds'],
  [1_000, '1 second'],
  [1_500, '1.5 seconds'],
])('%i ms are told as they were set, not rounded: %s', (ms, words) => {
  expect(inWords(ms)).toBe(words);
});
