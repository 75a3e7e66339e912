import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { chmodSync } from 'node:fs';
import { LineBudget, type BudgetOptions } from './budget.js';
import {
  conditionsOf,
  recordOf,
  sourceCode,
  streamCode,
  type LineCursor,
  type LineFilter,
  type LineRecord,
  type LineRow,
  type LineSpan,
  type NewLineRecord,
} from './records.js';
import { assertSchema, createSchema } from './schema.js';

/**
 * Cursors kept of sources that came and went; those of running dynos are always among the newest. A log drain's (`drain:…`)
 * may stand still for as long as its receiver is down, and is kept.
 */
const CURSORS_KEPT = 10_000;

export interface DatabaseOptions extends BudgetOptions {
  /** The sequence after which a new database begins. */
  readonly base: number;
}

/**
 * The lines of one app.
 *
 * Invariants: sequences are dense from the first kept line to the newest; times never decrease with them, which makes the
 * primary key the time index too; a cursor is committed together with the lines that it stands for. When lines were
 * dropped for the budget, the first kept row is the notice that counts them.
 */
export class LineDatabase {
  private newestSequence: number;
  private newestTime: number;
  private readonly budget: LineBudget;
  private readonly statements = new Map<string, Statement<(string | number)[]>>();
  private readonly insertLine: Statement<(string | number | null)[]>;
  private readonly putCursor: Statement<[string, string, number]>;
  private readonly commit: (lines: readonly LineRecord[], cursor: LineCursor | undefined) => void;

  private constructor(
    private readonly db: Database,
    options: BudgetOptions,
  ) {
    const base = this.number('SELECT base FROM history');
    this.newestSequence = this.number('SELECT max(sequence) FROM lines') || base;
    this.newestTime = this.number('SELECT time FROM lines ORDER BY sequence DESC LIMIT 1');
    this.insertLine = db.prepare<(string | number | null)[]>(
      'INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.putCursor = db.prepare(
      'INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, sequence = excluded.sequence',
    );
    this.budget = new LineBudget(db, options, {
      oldest: () => this.oldest(),
      newest: () => this.newestSequence,
      insert: (line) => this.insert(line),
    });
    this.commit = db.transaction((lines: readonly LineRecord[], cursor: LineCursor | undefined) => {
      for (const line of lines) this.insert(line);
      if (cursor)
        this.putCursor.run(cursor.source, cursor.value, lines.at(-1)?.sequence ?? this.newestSequence);
    });
  }

  /** @throws SqliteError, also for a file that is no log database of this version */
  static open(path: string, options: DatabaseOptions): LineDatabase {
    const db = new Sqlite(path);
    try {
      chmodSync(path, 0o600);
      db.pragma('auto_vacuum = INCREMENTAL');
      db.pragma('journal_mode = WAL');
      // Lines and cursor stay consistent at NORMAL; a power cut may cost the last moments of both together.
      db.pragma('synchronous = NORMAL');
      db.pragma('busy_timeout = 2000');
      db.pragma('journal_size_limit = 8388608');
      db.pragma('trusted_schema = OFF');
      createSchema(db, options.base);
      assertSchema(db);
      forgetOldCursors(db);
      return new LineDatabase(db, options);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get newest(): number {
    return this.newestSequence;
  }

  /** Stamps the lines (a given time is taken unless it lies in the future or before the newest line), commits, answers them. */
  append(lines: readonly NewLineRecord[], now: number, cursor: LineCursor | undefined): LineRecord[] {
    // Before the insert: what fails here has committed nothing, so a repeated append repeats no line.
    this.budget.keep();
    const stamped = this.stamp(lines, now);
    this.commit(stamped, cursor);
    const newest = stamped.at(-1);
    if (newest) {
      this.newestSequence = newest.sequence;
      this.newestTime = newest.time;
    }
    this.budget.grown(stamped);
    return stamped;
  }

  cursor(source: string): string | null {
    const row = this.prepare('SELECT value FROM cursors WHERE source = ?').get(source) as
      { value: string } | undefined;
    return row?.value ?? null;
  }

  forget(source: string): void {
    this.prepare('DELETE FROM cursors WHERE source = ?').run(source);
  }

  /** The first `limit` lines of the span that match, oldest first. */
  first(filter: LineFilter, span: LineSpan, limit: number): LineRecord[] {
    return this.select('* ASC', filter, span, limit).map((row) => recordOf(row as LineRow));
  }

  /** The last `limit` lines of the span that match, newest first. */
  last(filter: LineFilter, span: LineSpan, limit: number): LineRecord[] {
    return this.select('* DESC', filter, span, limit).map((row) => recordOf(row as LineRow));
  }

  /** As `last`, but only the sequences: finding a place costs no memory. */
  lastSequences(filter: LineFilter, span: LineSpan, limit: number): number[] {
    return this.select('sequence DESC', filter, span, limit).map((row) => row.sequence);
  }

  /** The kept lines with `since` <= time <= `until` (microseconds), as a span of sequences. */
  span(since: number, until: number): LineSpan {
    const oldest = this.oldest();
    return {
      after: this.sequenceAt(since, oldest) - 1,
      upTo: this.sequenceAt(until + 1, oldest) - 1,
    };
  }

  /** Of the first kept line; one above the newest when there is none. */
  oldest(): number {
    return this.number('SELECT min(sequence) FROM lines') || this.newestSequence + 1;
  }

  close(): void {
    this.db.close();
  }

  /** The first sequence whose time is not below `time`; one above the newest when all are. */
  private sequenceAt(time: number, oldest: number): number {
    if (time > this.newestTime) return this.newestSequence + 1;
    const timeOf = this.prepare('SELECT time FROM lines WHERE sequence = ?').pluck();
    let low = oldest;
    let high = this.newestSequence + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((timeOf.get(middle) as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private select(
    what: '* ASC' | '* DESC' | 'sequence DESC',
    filter: LineFilter,
    span: LineSpan,
    limit: number,
  ) {
    const { sql, values } = conditionsOf(filter);
    const [columns, order] = what.split(' ');
    const statement = this.prepare(
      `SELECT ${columns} FROM lines WHERE sequence > ? AND sequence <= ?${sql} ORDER BY sequence ${order} LIMIT ?`,
    );
    return statement.all(span.after, span.upTo, ...values, limit) as { sequence: number }[];
  }

  private stamp(lines: readonly NewLineRecord[], now: number): LineRecord[] {
    let sequence = this.newestSequence;
    let time = this.newestTime;
    return lines.map((line) => {
      sequence += 1;
      time = Math.max(time, Math.min(line.time ?? now, now));
      // Written out: a spread costs as much as the insert, a hundred thousand times a second.
      const { source, dyno, stream, release, text } = line;
      return { sequence, time, source, dyno, stream, release, text };
    });
  }

  private insert(line: LineRecord): void {
    this.insertLine.run(
      line.sequence,
      line.time,
      sourceCode(line.source),
      line.dyno,
      streamCode(line.stream),
      line.release,
      line.text,
    );
  }

  private number(sql: string): number {
    const value: unknown = this.db.prepare(sql).pluck().get();
    return typeof value === 'number' ? value : 0;
  }

  private prepare(sql: string): Statement<(string | number)[]> {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.db.prepare<(string | number)[]>(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function forgetOldCursors(db: Database): void {
  db.prepare(
    `DELETE FROM cursors WHERE substr(source, 1, 6) <> 'drain:'
      AND source NOT IN (SELECT source FROM cursors ORDER BY sequence DESC LIMIT ?)`,
  ).run(CURSORS_KEPT);
}
