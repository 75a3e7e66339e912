import type { Database } from './database.js';

export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface NewUser {
  readonly username: string;
  readonly email: string;
}

const COLUMNS = 'id, username, email, created_at, updated_at';
const GREATEST_ID = 2 ** 31 - 1;

export async function listUsers(
  database: Database,
  page: { after: number; limit: number },
): Promise<readonly User[]> {
  const sql = `SELECT ${COLUMNS} FROM users WHERE id > $1 ORDER BY id LIMIT $2`;
  return (await database.query<User>(sql, [page.after, page.limit])).rows;
}

export async function countUsers(database: Database): Promise<number> {
  return (
    (await database.query<{ count: number }>('SELECT count(*)::int AS count FROM users')).rows[0]?.count ?? 0
  );
}

/** One statement, hence one transaction: there is never a user without a welcome, nor a welcome without its user. */
export async function createUser(database: Database, user: NewUser): Promise<User> {
  const sql = `
    WITH created AS (INSERT INTO users (username, email) VALUES ($1, $2) RETURNING ${COLUMNS}),
         welcome AS (INSERT INTO outbox (user_id, kind) SELECT id, 'welcome' FROM created)
    SELECT * FROM created`;
  const [created] = (await database.query<User>(sql, [user.username, user.email])).rows;
  if (!created) throw new Error('The database answered no row');
  return created;
}

export async function findUser(database: Database, id: number): Promise<User | undefined> {
  return (await database.query<User>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id])).rows[0];
}

/** Changes the fields that are given. */
export async function updateUser(
  database: Database,
  id: number,
  changes: Partial<NewUser>,
): Promise<User | undefined> {
  const sql = `
    UPDATE users SET username = coalesce($2, username), email = coalesce($3, email), updated_at = now()
    WHERE id = $1 RETURNING ${COLUMNS}`;
  return (await database.query<User>(sql, [id, changes.username ?? null, changes.email ?? null])).rows[0];
}

export async function deleteUser(database: Database, id: number): Promise<boolean> {
  return (await database.query('DELETE FROM users WHERE id = $1', [id])).rowCount === 1;
}

/** `'7'` → 7; undefined for what cannot be the id of a user. */
export function userId(text: string): number | undefined {
  const id = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
  return id > 0 && id <= GREATEST_ID ? id : undefined;
}
