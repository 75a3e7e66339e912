import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseRange, printRange, RangeHeaderError, type Range } from '../../api/index.js';
import { TfkError } from '../shared/errors.js';

/** What a list can be ordered by: property → value of an item. The first is the default. */
export type Orders<Item> = Readonly<Record<string, (item: Item) => string | number>>;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Null on the last page. */
  readonly nextRange: string | null;
  readonly contentRange: string | null;
}

/** Answers the page which the request's Range asks for; sets status (200 or 206) and headers. */
export function sendPage<Item, Json>(
  request: FastifyRequest,
  reply: FastifyReply,
  list: { items: readonly Item[]; orders: Orders<Item>; toJson: (item: Item) => Json },
): Json[] {
  const page = pageOf(list.items, list.orders, readRange(request.headers.range));
  void reply.header('accept-ranges', Object.keys(list.orders).join(', '));
  if (page.contentRange !== null) void reply.header('content-range', page.contentRange);
  if (page.nextRange !== null) void reply.status(206).header('next-range', page.nextRange);
  return page.items.map(list.toJson);
}

function readRange(header: string | undefined): Range {
  try {
    return parseRange(header);
  } catch (error) {
    if (error instanceof RangeHeaderError) throw unsatisfiable(error.message);
    throw error;
  }
}

const unsatisfiable = (message: string): TfkError => new TfkError('requested_range_not_satisfiable', message);

export function pageOf<Item>(items: readonly Item[], orders: Orders<Item>, range: Range): Page<Item> {
  const { property, valueOf } = orderOf(orders, range.property);
  const direction = range.order === 'desc' ? -1 : 1;
  const rows = items
    .map((item) => ({ item, value: valueOf(item) }))
    .filter(({ value }) => isWithin(value, range))
    .sort((a, b) => direction * compare(a.value, b.value));
  const page = rows.slice(0, cut(rows, range.max));
  const first = page[0];
  const last = page.at(-1);
  const next = { ...range, property, start: String(last?.value ?? ''), startExclusive: true };
  return {
    items: page.map(({ item }) => item),
    nextRange: page.length < rows.length ? printRange(next) : null,
    contentRange: first && last ? `${property} ${first.value}..${last.value}` : null,
  };
}

function orderOf<Item>(
  orders: Orders<Item>,
  asked: string | null,
): { property: string; valueOf: (item: Item) => string | number } {
  const names = Object.keys(orders);
  const property = asked ?? names[0] ?? 'id';
  const valueOf = Object.hasOwn(orders, property) ? orders[property] : undefined;
  if (valueOf) return { property, valueOf };
  throw unsatisfiable(`This list has no order by "${property}", only by ${names.join(', ')}.`);
}

/** Items of equal value stay on one page: the next one begins after that value, and would leave them out. */
function cut(rows: readonly { readonly value: string | number }[], max: number): number {
  let end = Math.min(max, rows.length);
  while (end < rows.length && rows[end]?.value === rows[end - 1]?.value) end += 1;
  return end;
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

/** In a descending list the start is the greater end. */
function isWithin(value: string | number, range: Range): boolean {
  const sign = range.order === 'desc' ? -1 : 1;
  const from = range.start === null ? null : sign * compare(value, bound(range.start, value));
  const to = range.end === null ? null : sign * compare(value, bound(range.end, value));
  const afterStart = from === null || (range.startExclusive ? from > 0 : from >= 0);
  const beforeEnd = to === null || (range.endExclusive ? to < 0 : to <= 0);
  return afterStart && beforeEnd;
}

/** The bound as the values are: a number, or text. */
function bound(text: string, value: string | number): string | number {
  if (typeof value === 'string') return text;
  if (!/^-?[0-9]{1,15}$/.test(text)) throw unsatisfiable(`"${text}" is not a whole number.`);
  return Number(text);
}
