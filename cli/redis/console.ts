import { Redis } from 'ioredis';
import { createInterface } from 'node:readline';
import type { Context } from '../context.js';
import { prompted, textOf } from '../database/typed.js';
import { EXIT, messageOf, UserError } from '../errors.js';
import { visibleLines } from '../output/sanitise.js';
import type { RedisAddress } from './address.js';
import { answerLines, rawLines, type Answer } from './print.js';
import { wordsIn } from './words.js';

/** Their answers do not end, or change what all further ones look like. */
const ENDLESS = new Set([
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'monitor',
  'sync',
  'psync',
  'hello',
  'reset',
]);
const LEAVE = new Set(['quit', 'exit']);

/** A console of our own: commands of `-c`, of a pipe a line each, or typed one by one. Answers the exit code. */
export async function runConsole(
  context: Context,
  address: RedisAddress,
  command: string | undefined,
): Promise<number> {
  const redis = await connected(address);
  try {
    if (command === undefined && context.stdin.isTTY) return await converse(context, redis, address);
    return await runAll(context, redis, command ?? (await textOf(context.stdin)));
  } finally {
    redis.disconnect();
  }
}

async function connected({ host, port, username, password, database, tls }: RedisAddress): Promise<Redis> {
  const redis = new Redis({
    host,
    port,
    ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
    lazyConnect: true,
    connectTimeout: 10_000,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
  const failures: Error[] = [];
  redis.on('error', (error: Error) => failures.push(error));
  try {
    await redis.connect();
    if (password !== '') await redis.call('AUTH', ...(username === '' ? [] : [username]), password);
    if (database !== 0) await redis.call('SELECT', database);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw new UserError(`Redis does not answer: ${messageOf(failures[0] ?? error)}`, {
      hint: 'Type: tfk redis:info',
      cause: error,
    });
  }
}

/** Every command is tried, as redis-cli does; one that failed shows in the exit code. */
async function runAll(context: Context, redis: Redis, text: string): Promise<number> {
  let code: number = EXIT.ok;
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const answer = await answerTo(context, redis, line);
    if (answer === undefined) code = EXIT.failed;
    else context.output.lines(rawLines(answer));
  }
  return code;
}

async function converse(context: Context, redis: Redis, { host, port }: RedisAddress): Promise<number> {
  const reader = createInterface({ input: context.stdin, output: process.stdout });
  context.output.progress('A small console, there being no redis-cli here. quit leaves.');
  for await (const line of prompted(reader, () => `${host}:${port}> `)) {
    if (LEAVE.has(line.trim().toLowerCase())) break;
    if (line.trim() === '') continue;
    const answer = await answerTo(context, redis, line);
    if (answer !== undefined) context.output.lines(answerLines(answer));
    // What was asked for since is not to be waited for on a connection that is gone.
    if (redis.status === 'end') break;
  }
  reader.close();
  return EXIT.ok;
}

/** Undefined: there was none, and the reason is told. */
async function answerTo(context: Context, redis: Redis, line: string): Promise<Answer | undefined> {
  try {
    return await answerOf(redis, line);
  } catch (error) {
    context.output.progress(`(error) ${visibleLines(messageOf(error))}`);
    return undefined;
  }
}

async function answerOf(redis: Redis, line: string): Promise<Answer> {
  const [name, ...args] = wordsIn(line) ?? [];
  if (name === undefined) throw new Error('Invalid argument(s): the quotes do not match');
  if (ENDLESS.has(name.toLowerCase()))
    throw new Error(`${name} needs redis-cli: install it, and type it in tfk redis:cli`);
  return (await redis.call(name, ...args)) as Answer;
}
