import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { TfkError } from '../../shared/errors.js';

/** Below what Linux and macOS hand out to outgoing connections, so that a stopped server's port is not lent to one of them. */
const FIRST = 20_000;
const COUNT = 10_000;

/** The loopback addresses behind the name `localhost` that can be listened on here; 127.0.0.1 is always among them. */
export async function loopbackAddresses(): Promise<string[]> {
  const resolved = await lookup('localhost', { all: true }).catch(() => []);
  const usable = ['127.0.0.1'];
  if (resolved.some(({ address }) => address === '::1') && (await canListen(0, '::1'))) usable.push('::1');
  return usable;
}

/** Of the addresses that `loopbackAddresses` answers. */
export const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';

/** Does a server that listens there listen on all of the addresses beyond loopback? */
export const isReachedOn = (addresses: readonly string[], listening: readonly string[]): boolean =>
  addresses.every((address) => isLoopback(address) || listening.includes(address));

/** A port that nobody listens on, on any of the addresses, and that is not in `taken`. */
export async function freePort(addresses: readonly string[], taken: ReadonlySet<number>): Promise<number> {
  const start = randomInt(COUNT);
  for (let step = 0; step < COUNT; step++) {
    const port = FIRST + ((start + step) % COUNT);
    if (!taken.has(port) && (await isFree(port, addresses))) return port;
  }
  throw new TfkError(
    'unavailable',
    `No port between ${FIRST} and ${FIRST + COUNT - 1} is free for an add-on.`,
  );
}

export async function isFree(port: number, addresses: readonly string[]): Promise<boolean> {
  for (const address of addresses) {
    if (!(await canListen(port, address))) return false;
  }
  return true;
}

/** 0: on any port at all. */
export function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
