/** A stored log line. The stages know it as LogLine (daemon/logs/entry.ts). */
export interface LineRecord {
  readonly sequence: number;
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly source: 'app' | 'heroku';
  readonly dyno: string;
  readonly stream: 'stdout' | 'stderr' | null;
  readonly release: number | null;
  readonly text: string;
}

export type NewLineRecord = Omit<LineRecord, 'sequence' | 'time'> & { readonly time: number | null };

export interface LineCursor {
  readonly source: string;
  readonly value: string;
}

/** What a line must be to be read; times are given as a span of sequences instead, see `LineDatabase.span`. */
export interface LineFilter {
  readonly source?: 'app' | 'heroku';
  readonly dyno?: string;
  /** `web` is every `web.N`, and a dyno that is called just so (`router`, `api`). */
  readonly type?: string;
  readonly release?: number;
  readonly grep?: string;
}

/** Lines with a sequence above `after` and not above `upTo`. */
export interface LineSpan {
  readonly after: number;
  readonly upTo: number;
}

/** A row as SQLite keeps it: words as small numbers. */
export interface LineRow {
  readonly sequence: number;
  readonly time: number;
  readonly source: number;
  readonly dyno: string;
  readonly stream: number | null;
  readonly release: number | null;
  readonly text: string;
}

export function sourceCode(source: LineRecord['source']): number {
  return source === 'app' ? 0 : 1;
}

export function streamCode(stream: LineRecord['stream']): number | null {
  if (stream === null) return null;
  return stream === 'stdout' ? 1 : 2;
}

export function recordOf(row: LineRow): LineRecord {
  return {
    sequence: row.sequence,
    time: row.time,
    source: row.source === 0 ? 'app' : 'heroku',
    dyno: row.dyno,
    stream: row.stream === null ? null : row.stream === 1 ? 'stdout' : 'stderr',
    release: row.release,
    text: row.text,
  };
}

/** The filter as SQL conditions and their values, in one order; few shapes, so that prepared statements are reused. */
export function conditionsOf(filter: LineFilter): { sql: string; values: (string | number)[] } {
  const sql: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]) => {
    sql.push(` AND ${condition}`);
    values.push(...given);
  };
  if (filter.source !== undefined) add('source = ?', sourceCode(filter.source));
  if (filter.dyno !== undefined) add('dyno = ?', filter.dyno);
  if (filter.type !== undefined) {
    const prefix = `${filter.type}.`;
    add('(dyno = ? OR substr(dyno, 1, length(?)) = ?)', filter.type, prefix, prefix);
  }
  if (filter.release !== undefined) add('release = ?', filter.release);
  if (filter.grep !== undefined && filter.grep !== '') add('instr(text, ?) > 0', filter.grep);
  return { sql: sql.join(''), values };
}
