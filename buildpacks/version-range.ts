import { validRange } from 'semver';

/** Characters; comparing two ranges takes as long as both together, one by one. */
export const LONGEST_RANGE = 200;

/** Is it a range of versions as semver has them, that somebody may have written? */
export const isRange = (text: string): boolean => text.length <= LONGEST_RANGE && validRange(text) !== null;
