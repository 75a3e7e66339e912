import { createInterface } from 'node:readline';
import type { Client as Database } from 'pg';
import type { Context } from '../context.js';
import { EXIT, messageOf, UserError } from '../errors.js';
import { visibleLines } from '../output/sanitise.js';
import type { Address } from './address.js';
import { answerLines, type Answer } from './print.js';
import { isBlank, splitStatements } from './statements.js';
import { prompted, textOf } from './typed.js';

/** Types that psql sets to the right: integers, floats, numeric, oid. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);
const TABLES =
  "select table_schema as schema, table_name as name, table_type as type from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2";

/** The little psql for hosts without one: statements of `-c`, of a pipe, or typed one by one. Answers the exit code. */
export async function runConsole(
  context: Context,
  address: Address,
  command: string | undefined,
): Promise<number> {
  const database = await connected(address);
  try {
    if (command !== undefined) return await runAll(context, database, command);
    if (context.stdin.isTTY) return await converse(context, database, address);
    return await runAll(context, database, await textOf(context.stdin));
  } finally {
    await database.end();
  }
}

async function connected(address: Address): Promise<Database> {
  const { default: pg } = await import('pg');
  const database = new pg.Client({
    host: address['PGHOST'],
    port: Number(address['PGPORT'] ?? 5432),
    user: address['PGUSER'],
    password: address['PGPASSWORD'],
    database: address['PGDATABASE'],
    ssl: address['PGSSLMODE'] === 'require' ? { rejectUnauthorized: false } : false,
    connectionTimeoutMillis: 10_000,
    // Values stay the text that the server sent.
    types: { getTypeParser: () => (value: unknown) => value },
  });
  database.on('error', () => undefined);
  await database.connect().catch((cause: unknown) => {
    throw new UserError(`The database does not answer: ${messageOf(cause)}`, {
      hint: 'Type: tfk pg:info',
      cause,
    });
  });
  return database;
}

/** Every statement is tried, as psql does; one that failed shows in the exit code. */
async function runAll(context: Context, database: Database, sql: string): Promise<number> {
  const { statements, rest } = splitStatements(sql);
  let code: number = EXIT.ok;
  for (const statement of isBlank(rest) ? statements : [...statements, rest]) {
    if (!(await runOne(context, database, statement))) code = EXIT.failed;
  }
  return code;
}

async function runOne(context: Context, database: Database, statement: string): Promise<boolean> {
  try {
    const result = await database.query<(string | null)[]>({ text: statement, rowMode: 'array' });
    const answer: Answer = {
      command: result.command,
      rowCount: result.rowCount,
      rows: result.rows,
      fields: result.fields.map(({ name, dataTypeID }) => ({ name, number: NUMBERS.has(dataTypeID) })),
    };
    context.output.lines(answerLines(answer));
    return true;
  } catch (error) {
    context.output.progress(`ERROR:  ${visibleLines(messageOf(error))}`);
    return false;
  }
}

async function converse(context: Context, database: Database, address: Address): Promise<number> {
  const reader = createInterface({ input: context.stdin, output: process.stdout });
  const name = address['PGDATABASE'] ?? 'postgres';
  context.output.progress('A small console, there being no psql here. \\dt lists tables, \\q leaves.');
  let open = '';
  for await (const line of prompted(reader, () => `${name}${open === '' ? '=' : '-'}> `)) {
    if (open === '' && /^\s*\\q/.test(line)) break;
    const { statements, rest } = splitStatements(`${open}${expanded(line)}\n`);
    for (const statement of statements) await runOne(context, database, statement);
    open = isBlank(rest) ? '' : rest;
  }
  reader.close();
  return EXIT.ok;
}

function expanded(line: string): string {
  return /^\s*\\dt\s*$/.test(line) ? `${TABLES};` : line;
}
