import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { checkLaunchable } from '../../../../daemon/engines/launch/launchable.js';
import { quote } from '../../../../daemon/engines/launch/quote.js';
import { launchPayload } from '../../../../daemon/engines/process/shim/launcher.js';

test('whatever is quoted is one word to a shell, unchanged', () => {
  const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 60 }), { numRuns: 300, seed: 7 });
  const words = texts.map((one) => Buffer.from(one.replaceAll('\0', '')).toString());
  const script = `for word in ${words.map(quote).join(' ')}; do printf '%s\\0' "$word"; done`;
  const seen = execFileSync('/bin/sh', ['-c', script]).toString().split('\0').slice(0, -1);
  expect(seen).toEqual(words);
});

test('half a payload is told from a whole one', () => {
  const payload = launchPayload({ A: '1', B: '2' }, 'node server.js');
  expect(payload.endsWith('#complete')).toBe(true);
  for (let length = 0; length < payload.length; length++) {
    expect(payload.slice(0, length).endsWith('#complete')).toBe(false);
  }
});

test.each([
  [{ 'NOT-A-NAME': '1' }, '"NOT-A-NAME" is no name'],
  [{ '1ST': '1' }, '"1ST" is no name'],
  [{ A: 'a\0b' }, 'the value of A holds a NUL byte'],
  [{ A: 'x'.repeat(131_072) }, 'the value of A is longer'],
])('%j cannot be given to a process', (env, message) => {
  expect(() => checkLaunchable(env as Record<string, string>, 'true')).toThrow(message);
});

test('what the system can just take is taken', () => {
  expect(() => checkLaunchable({ A: 'x'.repeat(131_072 - 3) }, 'true')).not.toThrow();
  expect(() => checkLaunchable({}, 'a\0b')).toThrow('command holds a NUL');
});
