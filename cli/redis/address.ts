import type { Context } from '../context.js';
import { addressIn } from '../database/config-var.js';
import { UserError } from '../errors.js';

/** Where a Redis is, and as whom. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database: number;
  readonly tls: boolean;
}

/** The address of an app's Redis: `name` is a config var, an attachment or an add-on; REDIS_URL without one. */
export async function redisOf(
  context: Context,
  app: string,
  name: string | undefined,
): Promise<RedisAddress> {
  const wanted = { name, usual: 'REDIS_URL', what: 'Redis', service: 'redis' };
  const { key, url, here } = await addressIn(context, app, wanted);
  return { ...redisAddress(url, key), ...(here ?? {}) };
}

export function redisAddress(url: string, key: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new UserError(`${key} holds no address of a Redis.`, {
      hint: 'Type: tfk redis:cli NAME with another config var or add-on.',
    });
  }
  return {
    host: decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, ''),
    port: Number(parsed.port === '' ? 6379 : parsed.port),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: Number.parseInt(parsed.pathname.slice(1), 10) || 0,
    tls: parsed.protocol === 'rediss:',
  };
}

/** For redis-cli, which takes the password from REDISCLI_AUTH. */
export function redisCliArguments({ host, port, username, database, tls }: RedisAddress): string[] {
  return [
    ...['-h', host, '-p', String(port)],
    ...(username === '' ? [] : ['--user', username]),
    ...(database === 0 ? [] : ['-n', String(database)]),
    // As Heroku's own client does: its certificates are nobody's.
    ...(tls ? ['--tls', '--insecure'] : []),
  ];
}
