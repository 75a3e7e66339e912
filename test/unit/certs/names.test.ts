import { expect, test } from 'vitest';
import { covers, inventEndpointName } from '../../../daemon/certs/names.js';

test.each([
  ['www.example.com', true],
  ['example.com', false],
  ['shop.example.net', true],
  ['a.shop.example.net', false],
  ['example.net', false],
  ['*.example.net', true],
  ['localhost', false],
])('a certificate for www.example.com and *.example.net is one for %s: %s', (hostname, expected) => {
  expect(covers(['www.example.com', '*.example.net'], hostname)).toBe(expected);
});

test('invented names are such as Heroku allows', () => {
  for (let i = 0; i < 100; i++) expect(inventEndpointName()).toMatch(/^[a-z][a-z0-9-]{2,29}$/);
});
