import { Redis } from 'ioredis';
import { describe, test } from 'vitest';
import { findBinaries } from '../../daemon/addons/redis/binaries.js';
import { messageOf } from '../../daemon/shared/errors.js';

export const REDIS_ON_THIS_MACHINE = {
  bin: null,
  path: [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin'],
};

/**
 * A `describe` that needs a Redis or Valkey of this machine. Where there is none, its tests are skipped and the reason is printed;
 * with TFK_TEST_REQUIRE_REDIS=1 that is a failure.
 */
export async function describeRedis(title: string, body: () => void): Promise<void> {
  const reason = await findBinaries(REDIS_ON_THIS_MACHINE).then(() => null, messageOf);
  if (reason === null) {
    describe(title, body);
    return;
  }
  const required = process.env['TFK_TEST_REQUIRE_REDIS'] === '1';
  if (!required) process.stderr.write(`Skipped: ${title}: ${reason}\n`);
  test(title, (context) => {
    if (required) throw new Error(`TFK_TEST_REQUIRE_REDIS=1, but ${reason}`);
    context.skip(reason);
  });
}

/** Of a Redis, on a connection of its own, as an app would. */
export async function ask(
  url: string | undefined,
  ...[name, ...args]: [string, ...string[]]
): Promise<unknown> {
  const client = new Redis(url ?? '', { lazyConnect: true, retryStrategy: () => null, protocol: 2 });
  const failed: Error[] = [];
  client.on('error', (error: Error) => failed.push(error));
  try {
    await client.connect();
    return await client.call(name, ...args);
  } catch (error) {
    throw failed[0] ?? error;
  } finally {
    client.disconnect();
  }
}
