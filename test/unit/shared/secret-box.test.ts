import { expect, test } from 'vitest';
import { Fingerprints } from '../../../daemon/shared/secret-box.js';

const key = (byte: number): Buffer => Buffer.alloc(32, byte);

test('a fingerprint tells values apart, and nobody gets it without the key', () => {
  const prints = new Fingerprints(key(1), 'builds');
  const print = prints.of({ A: '1', B: '2' });
  expect(prints.of({ B: '2', A: '1' })).toBe(print);
  const others = [
    prints.of({}),
    prints.of({ A: '1', B: '3' }),
    prints.of({ A: '1","B', B: '2' }),
    new Fingerprints(key(2), 'builds').of({ A: '1', B: '2' }),
    new Fingerprints(key(1), 'other').of({ A: '1', B: '2' }),
  ];
  expect(new Set([print, ...others]).size).toBe(6);
});
