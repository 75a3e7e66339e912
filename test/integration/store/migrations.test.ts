import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase, type Connection } from '../../../daemon/store/database.js';
import { users } from '../../../daemon/store/migrations/0012-users.js';
import { migrations } from '../../../daemon/store/migrations/index.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

type Row = Readonly<Record<string, unknown>>;

interface Column {
  readonly name: string;
  readonly type: string;
}

/** In the order in which they were made: what a table refers to stands before it. */
function tablesOf(db: Connection): { readonly name: string; readonly sql: string }[] {
  return db
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all();
}

const rowsOf = (db: Connection, table: string): Row[] => db.prepare<[], Row>(`SELECT * FROM ${table}`).all();

/** One row in every table, with a value in every column, as its foreign keys and checks demand. */
function fill(db: Connection): void {
  for (const { name: table, sql } of tablesOf(db)) {
    const columns = db.pragma(`table_info(${table})`) as Column[];
    const parents = db.pragma(`foreign_key_list(${table})`) as { table: string; from: string; to: string }[];
    const values = columns.map(({ name, type }) => {
      const parent = parents.find(({ from }) => from === name);
      if (parent) return rowsOf(db, parent.table)[0]?.[parent.to] ?? null;
      const [, choice] = new RegExp(`${name} IN \\('([^']+)'`).exec(sql) ?? [];
      if (choice !== undefined) return choice;
      if (type === 'INTEGER') return 1;
      const text = name.endsWith('_json') ? '[]' : `${table}.${name}`;
      return type === 'BLOB' ? Buffer.from(text) : text;
    });
    const marks = columns.map(() => '?').join(', ');
    db.prepare(`INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) VALUES (${marks})`).run(
      values,
    );
  }
}

describe('a home of an earlier tfk', () => {
  const versions = migrations.slice(0, -1).map((_, index) => index + 1);

  it.each(versions)('at schema %i comes forward with every row and value', (version) => {
    const home = tempHome();
    const path = join(home, 'tfk.db');
    const old = openDatabase(path, migrations.slice(0, version));
    fill(old);
    const before = tablesOf(old).map(({ name }) => [name, rowsOf(old, name)] as const);
    expect(before.every(([, rows]) => rows.length === 1)).toBe(true);
    old.close();

    const db = openDatabase(path);
    for (const [table, rows] of before) expect([table, rowsOf(db, table)]).toMatchObject([table, rows]);
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });

  it('of one user belongs to that user afterwards, whose tokens still let in, for everything', () => {
    const home = tempHome();
    const old = openDatabase(join(home, 'tfk.db'), migrations.slice(0, migrations.indexOf(users)));
    fill(old);
    old.close();
    const store = Store.open(home);
    const account = store.account.ensure('somebody@else.example', 2);
    expect(account).toMatchObject({ id: 'account.id', email: 'account.email' });
    expect(store.tokens.list()).toMatchObject([
      { id: 'tokens.id', userId: 'account.id', scope: ['global'], description: 'tokens.description' },
    ]);
    expect(store.apps.list()).toMatchObject([{ id: 'apps.id', ownerId: null }]);
    store.close();
  });
});
