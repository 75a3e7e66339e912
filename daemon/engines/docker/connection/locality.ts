import { readFile, realpath } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import type { Endpoint } from './endpoint.js';

/** What dockerd says of the machine it runs on. */
export interface EngineMachine {
  readonly kernel: string;
  readonly hostname: string;
  readonly rootless: boolean;
}

/** What can be seen of the same things from here. */
export interface OwnMachine {
  readonly platform: string;
  readonly kernel: string;
  readonly hostname: string;
  /** Was the endpoint's socket opened by a process of our own network namespace? */
  readonly hasSocket: boolean;
}

/**
 * Does dockerd run on this kernel, with its bridges in our own network namespace? A unix socket alone says little: Docker
 * Desktop, a forwarded socket, rootless Docker, and a tfkd that runs in a container all have one. This errs on the side of
 * no: dynos are then reached through published ports, which works everywhere.
 */
export function isLocal(endpoint: Endpoint, engine: EngineMachine, own: OwnMachine): boolean {
  if (endpoint.kind !== 'unix' || own.platform !== 'linux' || engine.rootless) return false;
  return own.hasSocket && engine.kernel === own.kernel && engine.hostname === own.hostname;
}

export async function ownMachine(endpoint: Endpoint): Promise<OwnMachine> {
  return {
    platform: process.platform,
    kernel: release(),
    hostname: hostname(),
    hasSocket: endpoint.kind === 'unix' && (await isBoundHere(endpoint.path)),
  };
}

/** The kernel lists the sockets of one network namespace, each under the path it was opened by: /run or /var/run. */
async function isBoundHere(path: string): Promise<boolean> {
  const [wanted, table] = await Promise.all([
    resolved(path),
    readFile('/proc/net/unix', 'utf8').catch(() => ''),
  ]);
  const name = path.slice(path.lastIndexOf('/'));
  const paths = table.split('\n').map((line) => line.trim().split(/\s+/)[7] ?? '');
  const alike = [...new Set(paths.filter((one) => one.endsWith(name)))];
  return (await Promise.all(alike.map(resolved))).includes(wanted);
}

const resolved = (path: string): Promise<string> => realpath(path).catch(() => path);
