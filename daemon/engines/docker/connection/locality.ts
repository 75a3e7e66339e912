import { access, readFile } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import type { Endpoint } from './endpoint.js';

/** What dockerd says of the machine it runs on. */
export interface EngineMachine {
  readonly kernel: string;
  readonly hostname: string;
  readonly rootless: boolean;
  /** Its default bridge; null where it was told to have none. The address is not always known. */
  readonly bridge: { readonly name: string; readonly address: string | null } | null;
}

/** What can be seen of the same things from here. */
export interface OwnMachine {
  readonly platform: string;
  readonly kernel: string;
  readonly hostname: string;
  /** Has our own network namespace this bridge, with this address? */
  readonly hasBridge: boolean;
}

/**
 * Does dockerd run on this kernel, with its bridges in our own network namespace? A unix socket alone says little: Docker
 * Desktop, a forwarded socket, rootless Docker, and a tfkd that runs in a container all have one. This errs on the side of
 * no: dynos are then reached through published ports, which works everywhere.
 */
export function isLocal(endpoint: Endpoint, engine: EngineMachine, own: OwnMachine): boolean {
  if (endpoint.kind !== 'unix' || own.platform !== 'linux' || engine.rootless) return false;
  if (engine.kernel !== own.kernel || engine.hostname !== own.hostname) return false;
  return engine.bridge === null || own.hasBridge;
}

export async function ownMachine(bridge: EngineMachine['bridge']): Promise<OwnMachine> {
  return {
    platform: process.platform,
    kernel: release(),
    hostname: hostname(),
    hasBridge: bridge !== null && (await hasInterface(bridge.name)) && (await hasAddress(bridge.address)),
  };
}

async function hasInterface(name: string): Promise<boolean> {
  if (!/^[\w.-]+$/.test(name)) return false;
  return access(`/sys/class/net/${name}`).then(
    () => true,
    () => false,
  );
}

/** os.networkInterfaces() leaves out a bridge that nothing is connected to; the kernel's table of addresses does not. */
async function hasAddress(address: string | null): Promise<boolean> {
  if (address === null) return true;
  const table = await readFile('/proc/net/fib_trie', 'utf8').catch(() => '');
  const lines = table.split('\n').map((line) => line.trim());
  return lines.some((line, index) => line === `|-- ${address}` && lines[index + 1] === '/32 host LOCAL');
}
