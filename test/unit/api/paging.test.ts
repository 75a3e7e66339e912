import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange, printRange, RangeHeaderError, WHOLE_RANGE } from '../../../api/paging.js';

describe('the Range header', () => {
  it.each([undefined, '', '   ', 'bytes=0-99'])('is the whole list when it is %j', (header) => {
    expect(parseRange(header)).toEqual(WHOLE_RANGE);
  });

  it.each([
    ['version ..; max=15, order=desc', { property: 'version', max: 15, order: 'desc' }],
    ['version ..; order=desc,max=1', { property: 'version', max: 1, order: 'desc' }],
    ['version ..; max=1,order=desc', { property: 'version', max: 1, order: 'desc' }],
    ['version ..; order=desc', { property: 'version', order: 'desc' }],
    ['id ..; max=1000;', { property: 'id', max: 1000 }],
    ['seq ..; order=desc,max=1000', { property: 'seq', max: 1000, order: 'desc' }],
    ['created_at ..; max=15, order=desc', { property: 'created_at', max: 15, order: 'desc' }],
    ['name', { property: 'name' }],
    ['name ]abc..; max=2', { property: 'name', start: 'abc', startExclusive: true, max: 2 }],
    ['name a..m[', { property: 'name', start: 'a', end: 'm', endExclusive: true }],
    ['id ..; max=999999', { property: 'id', max: 1000 }],
  ])('understands %j', (header, expected) => {
    expect(parseRange(header)).toEqual({ ...WHOLE_RANGE, ...expected });
  });

  it.each([
    'version ..; max=0',
    'version ..; max=-1',
    'version ..; max=1e3',
    'version ..; max=99999999999999999999',
    'version ..; order=sideways',
    'version ..; colour=blue',
    'version 1 2 3',
    '; max=1',
    `id ${'..'.repeat(5000)}`,
  ])('refuses %j', (header) => {
    expect(() => parseRange(header)).toThrow(RangeHeaderError);
  });

  it('reads what it prints', () => {
    const value = fc.option(fc.stringMatching(/^[a-z0-9-]{1,20}$/));
    const range = fc.record({
      property: fc.constantFrom('id', 'version', 'created_at'),
      start: value,
      startExclusive: fc.boolean(),
      end: value,
      endExclusive: fc.boolean(),
      max: fc.integer({ min: 1, max: 1000 }),
      order: fc.constantFrom('asc' as const, 'desc' as const),
    });
    fc.assert(
      fc.property(range, (one) => {
        expect(parseRange(printRange(one))).toEqual(one);
      }),
    );
  });

  it('never fails with anything but a RangeHeaderError', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (header) => {
        try {
          expect(parseRange(header).max).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeHeaderError);
        }
      }),
    );
  });
});
