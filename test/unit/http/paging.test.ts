import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../api/paging.js';
import { pageOf, type Orders, type Page } from '../../../daemon/http/paging.js';
import { TfkError } from '../../../daemon/shared/errors.js';

interface Item {
  readonly version: number;
  readonly name: string;
}
const ORDERS: Orders<Item> = { version: ({ version }) => version, name: ({ name }) => name };
const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ version: index + 1, name: `n${index % 7}` }));
const versions = (page: { readonly items: readonly Item[] }) => page.items.map(({ version }) => version);

/** As a client does: sends Next-Range back until there is none. */
function follow(list: readonly Item[], header: string): Item[] {
  const seen: Item[] = [];
  for (let range: string | null = header, pages = 0; range !== null; pages++) {
    if (pages > list.length + 1) throw new Error('the pages never end');
    const page: Page<Item> = pageOf(list, ORDERS, parseRange(range));
    seen.push(...page.items);
    range = page.nextRange;
  }
  return seen;
}

describe('a page', () => {
  it('of the newest release is the newest release', () => {
    const page = pageOf(items(12), ORDERS, parseRange('version ..; max=1, order=desc'));
    expect(versions(page)).toEqual([12]);
    expect(page.nextRange).toBe('version ]12..; max=1, order=desc');
    expect(page.contentRange).toBe('version 12..12');
  });

  it('that is the last one has no Next-Range', () => {
    expect(pageOf(items(3), ORDERS, parseRange('version ..; max=3')).nextRange).toBeNull();
    expect(pageOf([], ORDERS, parseRange('version ..')).nextRange).toBeNull();
  });

  it('compares numbers as numbers', () => {
    expect(versions(pageOf(items(11), ORDERS, parseRange('version 9..')))).toEqual([9, 10, 11]);
    expect(versions(pageOf(items(11), ORDERS, parseRange('version ]9..11[')))).toEqual([10]);
  });

  it.each(['colour ..', 'constructor ..', 'version abc..', 'version ..1.5'])('refuses %j', (header) => {
    expect(() => pageOf(items(3), ORDERS, parseRange(header))).toThrow(TfkError);
  });

  it('after page, every item comes once and in order, whatever the size of the pages', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('version', 'name'),
        fc.constantFrom('asc', 'desc'),
        (count, max, property, order) => {
          const list = items(count);
          const seen = follow(list, `${property} ..; max=${max}, order=${order}`);
          expect(new Set(seen).size).toBe(count);
          expect(seen).toHaveLength(count);
          const values = seen.map((item) => ORDERS[property]?.(item) ?? 0);
          const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          expect(values).toEqual(order === 'asc' ? sorted : sorted.reverse());
        },
      ),
    );
  });
});
