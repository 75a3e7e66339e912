import Database from 'better-sqlite3';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { TfkError } from '../shared/errors.js';
import { migrations } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';

export type Connection = Database.Database;

/**
 * Opens the control database: WAL with synchronous=FULL, so that what was acknowledged survives a power cut.
 * better-sqlite3 is compiled with NORMAL as its default in WAL mode, so the settings are read back and refused if not as asked.
 */
export function openDatabase(path: string, steps: readonly Migration[] = migrations): Connection {
  const db = new Database(path);
  try {
    chmodSync(path, 0o600);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    db.pragma('trusted_schema = OFF');
    db.pragma('secure_delete = ON');
    assertPragmas(db);
    migrate(db, path, steps);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function assertPragmas(db: Connection): void {
  const wanted = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, trusted_schema: 0 } as const;
  for (const [name, value] of Object.entries(wanted)) {
    const actual: unknown = db.pragma(name, { simple: true });
    if (actual !== value) throw new Error(`SQLite did not take ${name}=${value}, it says ${String(actual)}`);
  }
}

/** Forward only: each step in a transaction of its own, after a copy of the file; a newer database is refused. */
function migrate(db: Connection, path: string, steps: readonly Migration[]): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > steps.length) {
    throw new TfkError(
      'conflict',
      `${path} was written by a newer tfk (schema ${version}, this one knows ${steps.length}).`,
      {
        hint: 'Install that newer version again, or point TFK_HOME to another folder.',
      },
    );
  }
  if (version > 0 && version < steps.length) backUp(db, path, version);
  steps.slice(version).forEach((step, index) => {
    db.transaction(() => {
      db.exec(step.sql);
      db.pragma(`user_version = ${version + index + 1}`);
    })();
  });
}

function backUp(db: Connection, path: string, version: number): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
  const copy = `${path}.before-schema-${version + 1}`;
  if (!existsSync(copy)) copyFileSync(path, copy);
  chmodSync(copy, 0o600);
}
