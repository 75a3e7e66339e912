import { expect, it } from 'vitest';
import { ERROR_IDS, isErrorBody } from '../../../api/errors.js';
import { ERROR_STATUS } from '../../../daemon/shared/errors.js';

it('the wire knows the same error ids as the daemon', () => {
  expect([...ERROR_IDS].sort()).toEqual(Object.keys(ERROR_STATUS).sort());
});

it.each([
  [{ id: 'not_found', message: 'x' }, true],
  [{ id: 'x' }, false],
  [null, false],
  ['text', false],
])('tells whether %j is an error body', (value, expected) => {
  expect(isErrorBody(value)).toBe(expected);
});
