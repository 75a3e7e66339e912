import { expect, test } from 'vitest';
import { missingProgram } from '../../../daemon/run/missing-program.js';

test.each<[string, number | null, RegExp]>([
  ['bin/server -p 1', 127, /^bin\/server, or the program in its first line, was not found/],
  ['exec ./run.sh', 126, /^\.\/run\.sh cannot be executed: `chmod \+x \.\/run\.sh`/],
  ['gunicorn shop.wsgi', 127, /^the program gunicorn was not found/],
  ['WORKERS=2 puma', 127, /^the program puma was not found/],
  ['/opt/x/y', 127, /^the program \/opt\/x\/y was not found/],
  ['npm start', 127, /^a program that it starts was not found/],
  ['$SERVER --fast', 127, /^a program that it starts was not found/],
  ['cd web && ./run', 126, /^a program that it starts cannot be executed/],
])('%s with status %s: %s', (command, status, says) => {
  expect(missingProgram(command, status)).toMatch(says);
});

test.each([0, 1, 128, 143, null])('status %s says nothing of programs', (status) => {
  expect(missingProgram('bin/server', status)).toBeNull();
});
