/**
 * How a deploy of a push ended, as the last line of its output: a NUL is in no line of text. Without either, tfkd has ended
 * before the deploy had.
 */
export const ACCEPTED = '\0accepted\n';
export const REFUSED = '\0refused\n';
