import { describe, expect, it } from 'vitest';
import { uuidOf } from '../../../daemon/http/platform.js';
import { parseQuantity } from '../../../daemon/http/routes/formation.js';
import { filterOf } from '../../../daemon/http/routes/log-sessions.js';
import { envOf, terminalOf } from '../../../daemon/http/terminal.js';

describe('a quantity', () => {
  it.each([
    [2, { to: 2 }],
    ['2', { to: 2 }],
    [0, { to: 0 }],
    ['+1', { by: 1 }],
    ['-3', { by: -3 }],
  ])('%j is understood', (quantity, expected) => {
    expect(parseQuantity(quantity, 'quantity')).toEqual(expected);
  });

  it.each([-1, 1.5, NaN, 1e21, 'abc', '', '1.5', '++1', '1e3', '0x10', '9999999999'])(
    '%j is refused by its field',
    (quantity) => {
      expect(() => parseQuantity(quantity, 'updates.0.quantity')).toThrow('updates.0.quantity');
    },
  );
});

describe('what a log session shows', () => {
  const now = Date.parse('2026-08-01T10:00:00Z');
  it.each([
    [{}, {}],
    [{ dyno: 'web.1' }, { dyno: 'web.1' }],
    [{ dyno_name: 'web.1' }, { dyno: 'web.1' }],
    [{ dyno: 'worker' }, { type: 'worker' }],
    [{ type: 'worker' }, { type: 'worker' }],
    [
      { source: 'heroku', release: 3, grep: 'x' },
      { source: 'heroku', release: 3, grep: 'x' },
    ],
    [{ source: '', dyno: '', since: '', grep: '' }, {}],
    [{ since: '10m' }, { since: (now - 600_000) * 1000 }],
    [{ since: '2026-08-01T09:00:00Z' }, { since: (now - 3_600_000) * 1000 }],
  ])('for %j is %j', (body, filter) => {
    expect(filterOf(body, now)).toEqual(filter);
  });

  it.each(['yesterday', '10', '10x', '-5m', '5 minutes', '1'])('cannot begin %j', (since) => {
    expect(() => filterOf({ since }, now)).toThrow('since');
  });

  it('cannot have a source that is none', () => {
    expect(() => filterOf({ source: 'evil' }, now)).toThrow('source');
  });
});

describe('the terminal of a one-off dyno', () => {
  const size = { columns: 80, rows: 24 };
  it('has the size that was asked for', () => expect(terminalOf({ terminal: size })).toEqual(size));
  it("is made of Heroku's COLUMNS and LINES", () => {
    expect(terminalOf({ env: { COLUMNS: 80, LINES: '24' } })).toEqual(size);
  });
  it.each([
    {},
    { terminal: null },
    { terminal: size, force_no_tty: true },
    { env: { COLUMNS: 80, LINES: 24 }, force_no_tty: true },
    { env: { COLUMNS: 80 } },
    { env: { COLUMNS: true, LINES: true } },
    { env: { COLUMNS: 0, LINES: 24 } },
    { env: { COLUMNS: 'wide', LINES: 24 } },
  ])('is none for %j', (body) => expect(terminalOf(body)).toBeNull());
  it('gets its environment as text', () => {
    expect(envOf({ COLUMNS: 80, DEBUG: true, A: 'b' })).toEqual({ COLUMNS: '80', DEBUG: 'true', A: 'b' });
  });
});

it('an id made of a name is a UUID, always the same and no other name has it', () => {
  expect(uuidOf('plan', 'postgres:local')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(uuidOf('plan', 'a')).toBe(uuidOf('plan', 'a'));
  expect(uuidOf('plan', 'a')).not.toBe(uuidOf('size', 'a'));
});
