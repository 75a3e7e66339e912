import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { configFrom, type Config } from '../src/config.js';
import { connect, type Database } from '../src/database.js';
import { createLog } from '../src/log.js';
import { migrate } from '../src/migrations.js';

const url = process.env['DATABASE_URL'];

/** For `test(name, needsDatabase, …)`: runs it when there is a database, else says why not. */
export const needsDatabase =
  url === undefined ? { skip: 'no DATABASE_URL: set it to any PostgreSQL to run this' } : {};

/** Relative to the app's folder, where npm runs the tests, as the platform runs the app. */
export const migrationsFolder = 'migrations';
export const silent = createLog({ logLevel: 'fatal', dyno: 'test', release: 'test' });

export interface TestDatabase {
  readonly config: Config;
  readonly database: Database;
  /** Drops the schema. */
  remove(): Promise<void>;
}

/** A schema of its own in the given database, so that no test meets another one's rows, nor anybody's real ones. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE SCHEMA ${schema}`);
  const own = new URL(url ?? '');
  own.searchParams.set('options', `-c search_path=${schema}`);
  const config = configFrom({ DATABASE_URL: own.href, LOG_LEVEL: 'fatal' });
  const database = connect(config, silent);
  const remove = async () => {
    await database.end();
    await administer(`DROP SCHEMA ${schema} CASCADE`);
  };
  return { config, database, remove };
}

export async function migratedDatabase(): Promise<TestDatabase> {
  const made = await emptyDatabase();
  await migrate(made.database, migrationsFolder);
  return made;
}

export interface Running {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Resolves with the first match in its output. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a process of the app as the platform does: by its file, with all its config in the environment. */
export function run(
  file: string,
  config: Config,
  more: Record<string, string> = {},
  argv: readonly string[] = [],
): Running {
  const program = new URL(`../src/${file}`, import.meta.url).pathname;
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: config.databaseUrl,
    HOST: '127.0.0.1',
    PORT: '0',
    ...more,
  };
  const child = spawn(process.execPath, [program, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'close');
  return {
    process: child,
    output: () => output,
    says: async (pattern) => {
      await until(
        () => pattern.test(output) || child.exitCode !== null,
        () => `${file} never said ${pattern}:\n${output}`,
      );
      const found = pattern.exec(output);
      if (!found) throw new Error(`${file} ended without saying ${pattern}:\n${output}`);
      return found;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

export async function until(
  happened: () => boolean | Promise<boolean>,
  message: () => string = () => 'It never happened',
): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((next) => setTimeout(next, 20))) {
    if (await happened()) return;
  }
  throw new Error(message());
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url ?? '' });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
