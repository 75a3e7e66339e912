// @ts-check
/** What request headers ask for, by RFC 9110. A header that cannot be understood is as if it were not there. */

/** @typedef {import('node:http').IncomingHttpHeaders} Headers */
/** @typedef {Pick<import('./site.mjs').Facts, 'size' | 'etag' | 'modified'>} Facts */

/** @typedef {{ start: number, end: number }} Piece */

/** The encodings that a client takes, of those there are. @type {(accepted: string) => ('br' | 'gzip')[]} */
export function encodingsOf(accepted) {
  const qualities = new Map(
    accepted
      .toLowerCase()
      .split(',')
      .map((item) => {
        const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
        const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
        return [name, q === undefined ? 1 : Number(q)];
      }),
  );
  return /** @type {const} */ (['br', 'gzip']).filter(
    (name) => (qualities.get(name) ?? qualities.get('*') ?? 0) > 0,
  );
}

/**
 * With which status, and which part of the file, its ends inclusive; null: no body.
 * @type {(headers: Headers, facts: Facts, status: 200 | 404) => { status: number, piece: Piece | null }}
 */
export function pieceOf(headers, facts, status) {
  const whole = { status, piece: { start: 0, end: facts.size - 1 } };
  if (status === 404) return whole;
  if (isFresh(headers, facts)) return { status: 304, piece: null };
  const range = isStillThat(headers['if-range'], facts) ? rangeOf(headers.range, facts.size) : null;
  if (range === null) return whole;
  return range.start > range.end ? { status: 416, piece: null } : { status: 206, piece: range };
}

/** Has the client this very version? The time counts only where no ETag is sent. @type {(headers: Headers, facts: Facts) => boolean} */
function isFresh(headers, { etag, modified }) {
  const known = headers['if-none-match'];
  if (known !== undefined)
    return known.trim() === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  return isTimeOf(headers['if-modified-since'], modified);
}

/** @type {(text: string | undefined, modified: Date | null) => boolean} */
const isTimeOf = (text, modified) =>
  text !== undefined && modified !== null && text === modified.toUTCString();

/** @type {(condition: string | string[] | undefined, facts: Facts) => boolean} */
function isStillThat(condition, { etag, modified }) {
  if (condition === undefined) return true;
  return condition === etag || isTimeOf(String(condition), modified);
}

/**
 * The one range that is asked for, empty where the file ends before; several at once get the whole file, as the RFC allows.
 * @type {(range: string | undefined, size: number) => Piece | null}
 */
function rangeOf(range, size) {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.replace(/\s/g, '') ?? '') ?? [];
  const last = size - 1;
  if (from === '') return to === '' ? null : { start: Math.max(0, size - Number(to)), end: last };
  if (to !== '' && Number(to) < Number(from)) return null;
  return { start: Number(from), end: to === '' ? last : Math.min(Number(to), last) };
}
