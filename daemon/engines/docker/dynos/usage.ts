import type Docker from 'dockerode';
import { readFile } from 'node:fs/promises';
import type { DynoUsage } from '../../engine.js';
import { unless } from '../answers.js';
import { Demux } from '../attach/demux.js';
import type { DockerHost } from '../client.js';
import { addressOf, portIn } from './containers.js';

const NOTHING: DynoUsage = { memoryBytes: null, listening: null };
const LISTEN = '0A';
/** 127.0.0.11, as the kernel writes it: Docker's own resolver, which listens inside of each container. */
const RESOLVER = '0B00007F';

/**
 * Memory and listening ports of a container. The port which the dyno was given is told as the one under which it is reached.
 */
export async function usageOf(
  docker: Docker,
  listed: Docker.ContainerInfo,
  host: DockerHost,
): Promise<DynoUsage> {
  const container = docker.getContainer(listed.Id);
  const info = await unless([404], container.inspect());
  if (!info?.State.Running) return NOTHING;
  const pid = host.local && (await isOf(info.State.Pid, info.Id)) ? info.State.Pid : null;
  const [memoryBytes, tables] = await Promise.all([
    pid === null ? memoryByStats(container) : memoryOfGroup(pid),
    pid === null ? tablesByExec(container) : tablesOf(pid),
  ]);
  const reached = addressOf(listed, host)?.port;
  const outside = (port: number) => (port === portIn(listed) && reached !== undefined ? reached : port);
  return { memoryBytes, listening: tables === null ? null : listeningIn(tables).map(outside) };
}

/** Is this process, here, the container's? */
async function isOf(pid: number, containerId: string): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return groups.includes(containerId);
}

/** Null where the cgroup cannot be read. */
async function memoryOfGroup(pid: number): Promise<number | null> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const first = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  const unified = /^0::(.*)$/m.exec(groups)?.[1];
  if (first !== undefined)
    return usedIn(`/sys/fs/cgroup/memory${first}`, 'memory.usage_in_bytes', 'total_inactive_file');
  return unified === undefined ? null : usedIn(`/sys/fs/cgroup${unified}`, 'memory.current', 'inactive_file');
}

/** As `docker stats` counts: without the file cache that the kernel can drop at once. */
async function usedIn(folder: string, file: string, cache: string): Promise<number | null> {
  const read = (name: string) => readFile(`${folder}/${name}`, 'utf8').catch(() => '');
  const [used, stat] = await Promise.all([read(file), read('memory.stat')]);
  if (used === '') return null;
  const droppable = new RegExp(`^${cache} (\\d+)$`, 'm').exec(stat)?.[1] ?? '0';
  return Math.max(0, Number(used) - Number(droppable));
}

async function memoryByStats(container: Docker.Container): Promise<number | null> {
  const stats = await container.stats({ stream: false, 'one-shot': true }).catch(() => null);
  const memory = stats?.memory_stats as
    { usage?: number; stats?: { total_inactive_file?: number; inactive_file?: number } } | undefined;
  if (memory?.usage === undefined) return null;
  return memory.usage - (memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0);
}

/** The kernel's tables of the network namespace this process is in. */
async function tablesOf(pid: number): Promise<string | null> {
  const tables = ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => ''));
  const found = (await Promise.all(tables)).join('');
  return found === '' ? null : found;
}

async function tablesByExec(container: Docker.Container): Promise<string | null> {
  try {
    const Cmd = ['cat', '/proc/net/tcp', '/proc/net/tcp6'];
    const exec = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true });
    const demux = new Demux();
    const chunks: Buffer[] = [];
    for await (const chunk of (await exec.start({})) as AsyncIterable<Buffer>) {
      const frames = demux.take(chunk).filter(({ stream }) => stream === 'stdout');
      chunks.push(...frames.map(({ data }) => data));
    }
    const tables = Buffer.concat(chunks).toString();
    return tables === '' ? null : tables;
  } catch {
    return null;
  }
}

/** Columns: sl, local_address (hex), rem_address, st… */
export function listeningIn(tables: string): number[] {
  const rows = tables.split('\n').map((line) => line.trim().split(/\s+/));
  const ports = rows.flatMap(([, local = '', , state]) => {
    const [address, port = ''] = local.split(':');
    return state === LISTEN && address !== RESOLVER ? [parseInt(port, 16)] : [];
  });
  return [...new Set(ports)].sort((one, other) => one - other);
}
