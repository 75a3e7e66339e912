import { Redis, ReplyError } from 'ioredis';
import type { Answer } from '../servers/host.js';
import type { Credentials } from './credentials.js';
import { KEEPER } from './settings.js';

const LIMIT_MS = 5000;

/** Runs `work` on a connection with the add-on's password; rejects with ioredis's error. */
export async function withLogin<T>(
  { port, password }: Credentials,
  work: (client: Redis) => Promise<T>,
  host = '127.0.0.1',
): Promise<T> {
  return connected({ host, port, login: [password] }, work);
}

/** The same as tfkd's own user. */
export async function asKeeper<T>(
  { port, keeper }: Credentials,
  work: (client: Redis) => Promise<T>,
): Promise<T> {
  return connected({ host: '127.0.0.1', port, login: [KEEPER, keeper] }, work);
}

interface Login {
  readonly host: string;
  readonly port: number;
  readonly login: readonly string[];
}

async function connected<T>({ host, port, login }: Login, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({
    host,
    port,
    lazyConnect: true,
    connectTimeout: LIMIT_MS,
    commandTimeout: LIMIT_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
  // The server may go away at any time; what was running then rejects, and nobody else needs to hear of it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.call('AUTH', ...login);
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** A refusal in Redis's own words (wrong password, too many clients) comes from a server that is up. */
export async function answerOf(to: Credentials, host?: string): Promise<Answer> {
  try {
    await withLogin(to, (client) => client.ping(), host);
    return 'ready';
  } catch (error) {
    if (!(error instanceof ReplyError)) return 'silent';
    return /^(LOADING|BUSY|MASTERDOWN)/.test((error as Error).message) ? 'starting' : 'ready';
  }
}
