import type { Database } from 'better-sqlite3';

const VERSION = 1;

/** A log database that cannot be used as it is: damaged, of another version, or no database at all. */
class UnusableLogError extends Error {
  override readonly name = 'UnusableLogError';
}

/** Makes the tables in an empty file. `base`: the sequence after which its lines begin. */
export function createSchema(db: Database, base: number): void {
  if (db.pragma('user_version', { simple: true }) !== 0) return;
  const create = db.transaction(() => {
    db.exec(`
      CREATE TABLE lines (
        sequence INTEGER PRIMARY KEY,
        time     INTEGER NOT NULL,
        source   INTEGER NOT NULL,
        dyno     TEXT NOT NULL,
        stream   INTEGER,
        release  INTEGER,
        text     TEXT NOT NULL
      );
      CREATE TABLE cursors (source TEXT PRIMARY KEY, value TEXT NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE history (base INTEGER NOT NULL, since INTEGER);
      PRAGMA user_version = ${VERSION};
    `);
    db.prepare('INSERT INTO history VALUES (?, NULL)').run(base);
  });
  create.immediate();
}

export function assertSchema(db: Database): void {
  const version: unknown = db.pragma('user_version', { simple: true });
  if (version !== VERSION) throw new UnusableLogError(`its version is ${String(version)}, not ${VERSION}`);
  if (db.pragma('journal_mode', { simple: true }) !== 'wal')
    throw new Error('the log database is not in WAL mode');
}

/**
 * Is the file itself the trouble, so that trying again is of no use? A full disk or a lock is not; a newest line that is
 * followed by another one (a key taken already) is.
 */
export function isDamage(error: unknown): boolean {
  if (error instanceof UnusableLogError) return true;
  if (!(error instanceof Error) || !('code' in error)) return false;
  const code = String(error.code);
  if (code === 'SQLITE_ERROR')
    return /no such (table|column)|has no column|unsupported file format/.test(error.message);
  return /^SQLITE_(CORRUPT|NOTADB|FORMAT|IOERR_SHORT_READ|IOERR_CORRUPTFS|CANTOPEN_ISDIR|CONSTRAINT_PRIMARYKEY|CONSTRAINT_ROWID)/.test(
    code,
  );
}
