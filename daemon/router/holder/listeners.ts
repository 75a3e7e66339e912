import net, { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** A bound socket that does not listen yet: workers inherit its descriptor and listen on it. */
export interface BoundSocket {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
  close(): void;
}

interface TcpHandle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

type CreateServerHandle = (address: string, port: number, family: 4 | 6) => TcpHandle | number;

export class BindError extends Error {
  constructor(
    readonly code: string,
    readonly host: string,
    readonly port: number,
  ) {
    super(explanation(code, host, port));
  }
}

/**
 * Binds and does not listen: were this process to listen, its event loop would accept connections it never serves.
 * `net._createServerHandle` is not documented; it is used here only, and test/unit/router/holder/listeners.test.ts pins what is
 * needed of it. A port in use shows first when the socket's name is asked for, since libuv keeps that error back.
 */
export function bindSocket(host: string, port: number): BoundSocket {
  const create = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;
  const handle = create(host, port, isIPv6(host) ? 6 : 4);
  if (typeof handle === 'number') throw new BindError(getSystemErrorName(handle), host, port);
  const name: { port?: number } = {};
  const status = handle.getsockname(name);
  if (status !== 0 || name.port === undefined) {
    handle.close();
    throw new BindError(getSystemErrorName(status), host, port);
  }
  return { fd: handle.fd, host, port: name.port, close: () => handle.close() };
}

/** Binds all addresses to one port; with port 0 to one that is free on all of them. */
export function bindAll(
  addresses: readonly { readonly host: string; readonly optional: boolean }[],
  port: number,
  attempts = 20,
): BoundSocket[] {
  const bound: BoundSocket[] = [];
  try {
    for (const address of addresses) {
      const socket = bindOne(address, bound[0]?.port ?? port);
      if (socket) bound.push(socket);
    }
    return bound;
  } catch (error) {
    for (const socket of bound) socket.close();
    const lostTheRace = error instanceof BindError && error.code === 'EADDRINUSE' && port === 0;
    if (lostTheRace && attempts > 1) return bindAll(addresses, port, attempts - 1);
    throw error;
  }
}

const NOT_HERE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

function bindOne(address: { host: string; optional: boolean }, port: number): BoundSocket | undefined {
  try {
    return bindSocket(address.host, port);
  } catch (error) {
    if (address.optional && error instanceof BindError && NOT_HERE.has(error.code)) return undefined;
    throw error;
  }
}

function explanation(code: string, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `port ${port} is taken on ${host}: stop what uses it, or choose another port`;
  if (code === 'EACCES') return `port ${port} on ${host} may not be used by this user: choose one above 1023`;
  if (NOT_HERE.has(code)) return `this machine has no address ${host}`;
  return `port ${port} on ${host} cannot be used (${code})`;
}
