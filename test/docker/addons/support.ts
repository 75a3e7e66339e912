import type Docker from 'dockerode';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { pino } from 'pino';
import type { AddonInstance, ProvisionRequest } from '../../../daemon/addons/addon.js';
import { PostgresAddon, type PostgresAddonOptions } from '../../../daemon/addons/postgres/postgres-addon.js';
import { AppNetworks } from '../../../daemon/engines/docker/networks.js';
import { DockerServices } from '../../../daemon/engines/docker/services/docker-services.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { freshNames, type TestDocker } from '../../support/docker.js';

export const IMAGE = 'postgres:15';

/** One home's add-on service over the real engine. */
export function aHomeOn({ client }: TestDocker) {
  const names = freshNames();
  const logger = pino({ level: 'silent' });
  const networks = new AppNetworks({ client, names, clock: systemClock });
  const services = new DockerServices({ client, names, networks, clock: systemClock, logger });
  return { names, networks, services };
}
export type TestHome = ReturnType<typeof aHomeOn>;

/** A folder that the server's account may walk through, also when the tests run as root. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tfk-addons-'));
  await chmod(folder, 0o711);
  return folder;
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

export function anAddonService(
  folder: string,
  { services }: TestHome,
  options: Partial<PostgresAddonOptions> = {},
): PostgresAddon {
  const buildEnv = Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return new PostgresAddon({
    addonsDir: join(folder, 'addons'),
    systemDir: join(folder, 'system'),
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    nodePath: process.execPath,
    npmPath: 'npm',
    buildEnv,
    containers: services,
    postgresImage: IMAGE,
    ...options,
  });
}

export function aRequest(more: Partial<ProvisionRequest> = {}): ProvisionRequest {
  const id = newId();
  return {
    id,
    name: `postgres-${id.slice(0, 8)}`,
    plan: 'postgres:local',
    engine: 'docker',
    apps: [],
    progress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

export async function provisioned(
  service: PostgresAddon,
  more: Partial<ProvisionRequest> = {},
): Promise<AddonInstance> {
  const request = aRequest(more);
  const { id, name, plan, engine, apps } = request;
  const { data } = await service.provision(request);
  return { id, name, hostName: name, plan, data, engine, apps };
}

export async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url ?? '', connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What psql prints in a container of that network, as a dyno would run it; its last line when it fails. */
export async function psqlFrom(
  docker: Docker,
  { names }: TestHome,
  network: string,
  url: string | undefined,
  sql: string,
): Promise<string> {
  const container = await docker.createContainer({
    Image: IMAGE,
    Entrypoint: [],
    Cmd: [
      'psql',
      '--no-psqlrc',
      '--pset=pager=off',
      '--tuples-only',
      '--no-align',
      '--command',
      sql,
      url ?? '',
    ],
    Env: ['PGCONNECT_TIMEOUT=3'],
    Tty: true,
    Labels: names.labels('dyno'),
    HostConfig: { NetworkMode: network, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
  });
  try {
    const printed = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    return (await buffer(printed)).toString('utf8').trim();
  } finally {
    await container.remove({ force: true, v: true });
  }
}

export const listeningOn = (port: number) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
