import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transaction, type Database } from './database.js';

const MIGRATION_LOCK = 7_202_602;

/**
 * Brings the schema up to date: all that is missing, in the order of its numbers, in one transaction, so that it is done or not
 * begun. Two at once wait for each other, and the second finds nothing to do. Answers the names of the files it ran.
 */
export async function migrate(database: Database, folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return transaction(database, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, ran_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
    const ran = new Set(rows.map(({ name }) => name));
    const due = files.filter((name) => !ran.has(name));
    for (const name of due) {
      await client.query(await readFile(join(folder, name), 'utf8'));
      await client.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
    }
    return due;
  });
}
