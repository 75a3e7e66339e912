import { appOption, command, confirmOption, jsonOption, optional, text } from '../command.js';
import type { Context } from '../context.js';
import { showAddonsOf } from '../database/info.js';
import { through } from '../database/programs.js';
import { rotateCredentials, ROTATION } from '../database/rotate.js';
import { redisCliArguments, redisOf, type RedisAddress } from '../redis/address.js';

const redis = optional('redis', 'a config var, attachment or add-on; else REDIS_URL');

const cli = command({
  name: 'redis:cli',
  summary: 'open a console to the Redis of an app',
  details:
    "Uses this machine's redis-cli or valkey-cli where there is one, else a small console of its own. Commands may come by a pipe, a line each; of those and of -c the exit code says whether all went well.",
  args: { redis },
  options: { app: appOption, command: text('-c, --command <command>', 'run this and end') },
  examples: ['tfk redis:cli -a myapp', "tfk redis:cli -c 'PING'", "echo 'DBSIZE' | tfk redis:cli -a myapp"],
  async run(context, { args, options }) {
    const address = await redisOf(context, context.app(options.app), args.redis);
    if (options.command === undefined && context.stdin.isTTY) {
      const code = await throughRedisCli(context, address);
      if (code !== null) return code;
    }
    const { runConsole } = await import('../redis/console.js');
    return runConsole(context, address, options.command);
  },
});

const info = command({
  name: 'redis:info',
  summary: 'show the Redis add-ons of an app',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk redis:info -a myapp'],
  async run(context, { options }) {
    const app = context.app(options.app);
    const kind = { herokuName: 'heroku-redis', what: 'Redis', service: 'redis' };
    return showAddonsOf(context, { app, ...kind, json: options.json });
  },
});

const rotate = command({
  name: 'redis:credentials:rotate',
  summary: 'give a Redis new credentials',
  details: ROTATION,
  args: { redis: optional('redis', 'an attachment or add-on; else REDIS') },
  options: { app: appOption, confirm: confirmOption, json: jsonOption },
  examples: ['tfk redis:credentials:rotate -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    return rotateCredentials(context, {
      app: context.app(options.app ?? options.confirm),
      name: args.redis ?? 'REDIS',
      confirm: options.confirm,
      json: options.json,
      command: 'redis:credentials:rotate',
      what: 'Redis',
    });
  },
});

export const commands = [cli, info, rotate];

/** Null where this machine has neither. */
async function throughRedisCli(context: Context, address: RedisAddress): Promise<number | null> {
  const args = redisCliArguments(address);
  const { password } = address;
  // An empty one would be tried.
  const env = { ...context.config.env, REDISCLI_AUTH: password === '' ? undefined : password };
  for (const name of ['redis-cli', 'valkey-cli']) {
    const code = await through(context, { name, args, env });
    if (code !== null) return code;
  }
  return null;
}
