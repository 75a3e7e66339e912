import Database from 'better-sqlite3';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TfkError } from '../shared/errors.js';

/**
 * One tfkd a home. The lock is SQLite's own on a file beside the database, so the kernel frees it however tfkd ends.
 * `run/tfkd.pid` names its holder from the first moment on: a command whose own tfkd came second learns from it that
 * another one is starting, and waits for that. Answers the release.
 */
export function lockHome(home: string): () => void {
  const db = new Database(join(home, 'run', 'tfkd.lock'), { timeout: 0 });
  try {
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new TfkError('conflict', `Another tfkd runs with ${home} already.`, {
      hint: 'Type: tfk daemon status',
      cause: error,
    });
  }
  const pidFile = join(home, 'run', 'tfkd.pid');
  writeFileSync(`${pidFile}.new`, `${process.pid}\n`, { mode: 0o600 });
  renameSync(`${pidFile}.new`, pidFile);
  return () => {
    rmSync(pidFile, { force: true });
    db.close();
  };
}
