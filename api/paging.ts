/**
 * Paging of lists by the `Range` header, as Heroku's API has it: `version ]15..; max=15, order=desc`.
 * Loads nothing, so that a client may use it at once.
 */

export const DEFAULT_MAX = 200;
export const GREATEST_MAX = 1000;

export interface Range {
  /** The property by which the list is ordered; null: the list's default. */
  readonly property: string | null;
  readonly start: string | null;
  /** `]value`: the value itself is left out. */
  readonly startExclusive: boolean;
  readonly end: string | null;
  readonly endExclusive: boolean;
  readonly max: number;
  readonly order: 'asc' | 'desc';
}

export const WHOLE_RANGE: Range = {
  property: null,
  start: null,
  startExclusive: false,
  end: null,
  endExclusive: false,
  max: DEFAULT_MAX,
  order: 'asc',
};

/** A header that cannot be understood; answered with 416. */
export class RangeHeaderError extends Error {
  override readonly name = 'RangeHeaderError';
}

const LONGEST = 1000;
const FORM = /^([a-z_]+)(?:\s+(\]?)(.*?)\.\.(.*?)(\[?))?$/;

/**
 * An absent or empty header is the whole list; `bytes=…` is another protocol's range and is ignored, as HTTP asks. Blanks,
 * either order of the options and a trailing `;` are all seen from real clients.
 */
export function parseRange(header: string | undefined): Range {
  const text = (header ?? '').trim();
  if (text === '' || /^bytes\b/.test(text)) return WHOLE_RANGE;
  const [form = '', ...options] = text.split(';');
  const match = text.length > LONGEST ? null : FORM.exec(form.trim());
  if (!match) {
    throw new RangeHeaderError(
      `The range "${text.slice(0, 100)}" does not read as "property start..end; max=n".`,
    );
  }
  const [, property = '', open, start, end, close] = match;
  return {
    ...WHOLE_RANGE,
    property,
    start: valueOrNull(start),
    startExclusive: open === ']',
    end: valueOrNull(end),
    endExclusive: close === '[',
    ...parseOptions(options.join(',')),
  };
}

const valueOrNull = (text: string | undefined): string | null => (text === '' ? null : (text ?? null));

function parseOptions(text: string): Partial<Pick<Range, 'max' | 'order'>> {
  const options: { max?: number; order?: 'asc' | 'desc' } = {};
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=').map((piece) => piece.trim());
    if (key === '') continue;
    if (key === 'max') options.max = parseMax(value);
    else if (key === 'order') options.order = parseOrder(value);
    else throw new RangeHeaderError(`A range has no option "${key}".`);
  }
  return options;
}

function parseMax(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value) || Number(value) === 0) {
    throw new RangeHeaderError(`A range's max is 1 to ${GREATEST_MAX}, not "${value}".`);
  }
  return Math.min(Number(value), GREATEST_MAX);
}

function parseOrder(value: string): 'asc' | 'desc' {
  if (value === 'asc' || value === 'desc') return value;
  throw new RangeHeaderError(`A range's order is asc or desc, not "${value}".`);
}

/** As it goes into a `Range` or `Next-Range` header. */
export function printRange(range: Range & { readonly property: string }): string {
  const from = `${range.startExclusive ? ']' : ''}${range.start ?? ''}`;
  const to = `${range.end ?? ''}${range.endExclusive ? '[' : ''}`;
  const order = range.order === 'desc' ? ', order=desc' : '';
  return `${range.property} ${from}..${to}; max=${range.max}${order}`;
}
