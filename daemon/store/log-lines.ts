import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LineDatabase } from './log-lines/database.js';
import type { LineCursor, LineFilter, LineRecord, LineSpan, NewLineRecord } from './log-lines/records.js';
import { isDamage } from './log-lines/schema.js';

export type { LineCursor, LineFilter, LineRecord, LineSpan, NewLineRecord } from './log-lines/records.js';

export interface LogLinesOptions {
  /** `<home>/logs` */
  readonly folder: string;
  readonly budgetBytes: number;
  /** Databases open at the same time; the one not used for longest is closed. */
  readonly maxOpen: number;
  /** Microseconds since the epoch. */
  readonly now: () => number;
  readonly texts: {
    /** `count` lines are gone since `since` (microseconds), because the budget was full. */
    readonly trimmed: (count: number, since: number) => string;
    /** The history so far was unreadable and lies in `file` now. */
    readonly setAside: (file: string) => string;
  };
  /** Told once per damaged database. */
  readonly onSetAside: (appId: string, file: string, error: unknown) => void;
}

const EVERYTHING: LineSpan = { after: 0, upTo: Number.MAX_SAFE_INTEGER };

/**
 * The log lines of all apps: one SQLite file per app, `<folder>/<appId>.db`, made by the first append. A file that is
 * damaged is renamed, its successor says so in its first line, and the call that met it goes on.
 *
 * All methods throw SqliteError where the disk is full or the file is locked; then nothing of that call was written.
 */
export class LogLines {
  /** In order of use, the newest last. */
  private readonly open = new Map<string, LineDatabase>();

  constructor(private readonly options: LogLinesOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  }

  append(appId: string, lines: readonly NewLineRecord[], cursor?: LineCursor): LineRecord[] {
    return this.use(appId, (database) => database.append(lines, this.options.now(), cursor));
  }

  cursor(appId: string, source: string): string | null {
    return this.look(appId, null, (database) => database.cursor(source));
  }

  /** Removes a cursor whose source will not come back. */
  forget(appId: string, source: string): void {
    this.look(appId, undefined, (database) => database.forget(source));
  }

  newest(appId: string): number {
    return this.look(appId, 0, (database) => database.newest);
  }

  /** The sequence of the oldest kept line; one above the newest when there is none. */
  oldest(appId: string): number {
    return this.look(appId, 1, (database) => database.oldest());
  }

  first(appId: string, filter: LineFilter, span: LineSpan, limit: number): LineRecord[] {
    return this.look<LineRecord[]>(appId, [], (database) => database.first(filter, span, limit));
  }

  last(appId: string, filter: LineFilter, span: LineSpan, limit: number): LineRecord[] {
    return this.look<LineRecord[]>(appId, [], (database) => database.last(filter, span, limit));
  }

  lastSequences(appId: string, filter: LineFilter, span: LineSpan, limit: number): number[] {
    return this.look<number[]>(appId, [], (database) => database.lastSequences(filter, span, limit));
  }

  /** The lines of a time span (microseconds, both ends included; undefined is open), as a span of sequences. */
  span(appId: string, since: number | undefined, until: number | undefined): LineSpan {
    if (since === undefined && until === undefined) return EVERYTHING;
    return this.look(appId, EVERYTHING, (database) =>
      database.span(since ?? 0, until ?? Number.MAX_SAFE_INTEGER - 1),
    );
  }

  /** Removes all of an app's files, also those set aside. */
  drop(appId: string): void {
    this.shut(appId);
    for (const file of readdirSync(this.options.folder)) {
      if (file.startsWith(`${safe(appId)}.`)) rmSync(join(this.options.folder, file), { force: true });
    }
  }

  /** The apps that have files. */
  apps(): string[] {
    const names = readdirSync(this.options.folder).flatMap(
      (file) => /^([\w-]+)\.[\w.-]+$/.exec(file)?.[1] ?? [],
    );
    return [...new Set(names)];
  }

  close(): void {
    for (const appId of [...this.open.keys()]) this.shut(appId);
  }

  /** As `use`, but an app without a file is answered `absent` rather than given one. */
  private look<T>(appId: string, absent: T, action: (database: LineDatabase) => T): T {
    if (!this.open.has(appId) && !existsSync(this.path(appId))) return absent;
    return this.use(appId, action);
  }

  private use<T>(appId: string, action: (database: LineDatabase) => T): T {
    try {
      return action(this.opened(appId));
    } catch (error) {
      if (!isDamage(error)) throw error;
      return action(this.setAside(appId, error));
    }
  }

  private opened(appId: string): LineDatabase {
    const database = this.open.get(appId) ?? this.openFile(appId, 0);
    this.open.delete(appId);
    this.open.set(appId, database);
    if (this.open.size > this.options.maxOpen) this.shutOldest();
    return database;
  }

  private openFile(appId: string, base: number): LineDatabase {
    return LineDatabase.open(this.path(appId), {
      budgetBytes: this.options.budgetBytes,
      base,
      trimmedText: this.options.texts.trimmed,
    });
  }

  /** One damaged file is kept per app, for a rescue by hand; sequences go on where they were, if that is known. */
  private setAside(appId: string, error: unknown): LineDatabase {
    const base = this.open.get(appId)?.newest ?? 0;
    this.shut(appId);
    const file = `${safe(appId)}.damaged.db`;
    const target = join(this.options.folder, file);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${target}${suffix}`, { force: true, recursive: true });
    renameSync(this.path(appId), target);
    if (existsSync(`${this.path(appId)}-wal`)) renameSync(`${this.path(appId)}-wal`, `${target}-wal`);
    rmSync(`${this.path(appId)}-shm`, { force: true });

    const database = this.openFile(appId, base);
    database.append([notice(this.options.texts.setAside(file))], this.options.now(), undefined);
    this.open.set(appId, database);
    this.options.onSetAside(appId, target, error);
    return database;
  }

  private shutOldest(): void {
    const [oldest] = this.open.keys();
    if (oldest !== undefined) this.shut(oldest);
  }

  private shut(appId: string): void {
    const database = this.open.get(appId);
    this.open.delete(appId);
    database?.close();
  }

  private path(appId: string): string {
    return join(this.options.folder, `${safe(appId)}.db`);
  }
}

function notice(text: string): NewLineRecord {
  return { time: null, source: 'heroku', dyno: 'logplex', stream: null, release: null, text };
}

/** An app's id becomes a file name: nothing but what ids are made of. */
function safe(appId: string): string {
  if (!/^[\w-]{1,64}$/.test(appId)) throw new Error(`not an app id: ${JSON.stringify(appId)}`);
  return appId;
}
