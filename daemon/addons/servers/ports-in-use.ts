import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceHost } from '../../engines/service-host.js';
import type { PortsInUse } from './host.js';
import { confOf } from './place.js';

/** The port in a file that tfk wrote for a server, PostgreSQL's (`port = '20001'`) or Redis's (`port 20001`). */
export function portIn(conf: string): number | undefined {
  const digits = /^port (?:= ')?(\d+)'?$/m.exec(conf)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The ports of all servers below the folders and in containers, also of those that do not run. */
export function portsInUse(
  folders: readonly string[],
  containers: Pick<ServiceHost, 'hostPorts'> | undefined,
): PortsInUse {
  return async () => {
    // Docker that does not answer keeps no ports.
    const others = (await containers?.hostPorts().catch(() => undefined)) ?? [];
    return new Set([...(await portsBelow(folders)), ...others]);
  };
}

async function portsBelow(folders: readonly string[]): Promise<number[]> {
  const ports: number[] = [];
  for (const service of await entriesOf(folders)) {
    for (const server of await entriesOf([service])) {
      const port = portIn(await readFile(confOf(server), 'utf8').catch(() => ''));
      if (port !== undefined) ports.push(port);
    }
  }
  return ports;
}

async function entriesOf(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))),
  );
  return found.flat();
}
