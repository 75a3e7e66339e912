import { randomInt } from 'node:crypto';

// prettier-ignore
const QUALITIES = [
  'amber', 'brave', 'calm', 'clear', 'crisp', 'deep', 'early', 'fair', 'gentle', 'golden', 'green', 'keen',
  'light', 'lively', 'mellow', 'misty', 'noble', 'open', 'patient', 'quiet', 'rapid', 'serene', 'silver', 'steady',
  'sunny', 'swift', 'tidy', 'vivid', 'warm', 'wide',
] as const;
// prettier-ignore
const THINGS = [
  'bay', 'birch', 'brook', 'canyon', 'cedar', 'cliff', 'cloud', 'cove', 'dune', 'falls', 'fern', 'field', 'forest',
  'garden', 'harbor', 'hill', 'island', 'lake', 'maple', 'meadow', 'mesa', 'oak', 'pine', 'pond', 'prairie', 'reef',
  'ridge', 'river', 'shore', 'valley',
] as const;

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? '';

/** A name nobody had to think of: `quiet-river-48213`. */
export const inventName = (): string => `${pick(QUALITIES)}-${pick(THINGS)}-${randomInt(10_000, 100_000)}`;
