import { describe, expect, it } from 'vitest';
import { names } from '../../../daemon/http/etag.js';

describe('If-None-Match', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b",W/"a" ', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    ['"A"', false],
    ['', false],
    [undefined, false],
  ])('%s', (header, known) => expect(names(header, '"a"')).toBe(known));
});
