import { statfs } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.js';
import type { EngineFact } from '../engine.js';
import type { DockerHost } from './client.js';
import type { ConnectedClient } from './connection/connected-client.js';
import type { Try } from './connection/words.js';
import { publicHost, publishAddress } from './dynos/containers.js';

const LITTLE_SPACE = 5 * 1024 ** 3;

/** Of `docker info`, what is told here. */
export interface EngineInfo {
  readonly Driver: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly PidsLimit: boolean;
  readonly CPUShares: boolean;
  readonly InitBinary?: string;
  readonly InitCommit?: { readonly ID?: string };
  readonly SecurityOptions?: readonly string[];
}

/** What Docker is here, in the order a reader wants it: how it was found, then what it gives. */
export async function examine(client: ConnectedClient): Promise<EngineFact[]> {
  const tries = connectionFacts(await client.attempts());
  try {
    const host = await client.host();
    const info = (await (await client.api()).info()) as EngineInfo;
    return [...tries, versionFact(host), routingFact(host), ...infoFacts(info), await spaceFact(host)];
  } catch (error) {
    return tries.some(({ status }) => status === 'failed') ? tries : [...tries, lost(error)];
  }
}

/** Each way that was tried; where one worked, the others only say why it was not them. */
export function connectionFacts(tries: readonly Try[]): EngineFact[] {
  const found = tries.some(({ failure }) => failure === null);
  return tries.map(({ source, endpoint, failure }) => {
    const place = endpoint === null ? source : `${endpoint} (${source})`;
    if (failure === null) return { name: 'docker', status: 'ok', detail: `answers at ${place}` };
    const detail = `${place}: ${failure.reason}`;
    return found
      ? { name: 'docker', status: 'ok', detail: `not ${detail}` }
      : { name: 'docker', status: 'failed', detail, hint: failure.hint };
  });
}

const lost = (error: unknown): EngineFact => ({ name: 'docker', status: 'failed', detail: messageOf(error) });

function versionFact({ version, api, architecture }: DockerHost): EngineFact {
  const detail = `Docker ${version}, API ${api.join('.')}, ${architecture}`;
  return { name: 'version', status: 'ok', detail };
}

export function routingFact(host: Pick<DockerHost, 'local' | 'endpoint'>): EngineFact {
  if (host.local) {
    const detail = 'dynos are reached at their own addresses, since Docker is on this machine';
    return { name: 'routing', status: 'ok', detail };
  }
  const detail = `dynos are reached by ports published on ${publicHost(host)}, since Docker is on another machine or kernel`;
  if (publishAddress(host) !== '') return { name: 'routing', status: 'ok', detail };
  return {
    name: 'routing',
    status: 'warning',
    detail: `${detail}; whoever reaches that machine reaches them too, past the router`,
    hint: 'Let its firewall admit only this machine to published ports, which Docker takes from 32768 on.',
  };
}

export function infoFacts(info: EngineInfo): EngineFact[] {
  return [
    isolationFact(info),
    limitsFact(info),
    initFact(info),
    { name: 'storage', status: 'ok', detail: info.Driver },
  ];
}

function isolationFact({ SecurityOptions: options = [] }: EngineInfo): EngineFact {
  const names = options.map((option) => /name=([^,]+)/.exec(option)?.[1] ?? option);
  const confined = names.includes('seccomp');
  const detail = `containers without privileges, one network an app${names.length > 0 ? `, ${names.join(', ')}` : ''}`;
  if (confined) return { name: 'isolation', status: 'ok', detail };
  return {
    name: 'isolation',
    status: 'warning',
    detail: `${detail}; no seccomp: dynos may use all system calls`,
    hint: 'Start Docker with a seccomp profile, and on a kernel that has it.',
  };
}

function limitsFact(info: EngineInfo): EngineFact {
  const limits = {
    memory: info.MemoryLimit,
    swap: info.SwapLimit,
    'number of processes': info.PidsLimit,
    'share of processor time': info.CPUShares,
  };
  const missing = Object.entries(limits).flatMap(([name, there]) => (there ? [] : [name]));
  const cgroups = `cgroups v${info.CgroupVersion ?? '1'} (${info.CgroupDriver ?? 'unknown driver'})`;
  if (missing.length === 0) return { name: 'limits', status: 'ok', detail: `enforced by ${cgroups}` };
  return {
    name: 'limits',
    status: 'warning',
    detail: `${cgroups}: no limit for ${missing.join(', ')}`,
    hint: 'Enable the cgroup controllers of the kernel, e.g. `cgroup_enable=memory swapaccount=1` at boot.',
  };
}

function initFact({ InitBinary: binary = '', InitCommit: commit }: EngineInfo): EngineFact {
  if (binary !== '' && commit?.ID !== 'N/A') return { name: 'init', status: 'ok', detail: binary };
  return {
    name: 'init',
    status: 'warning',
    detail: 'docker-init was not found: no dyno can be started without',
    hint: 'Install the package docker-init (or tini), or install Docker Engine anew.',
  };
}

async function spaceFact({ rootDir, local }: DockerHost): Promise<EngineFact> {
  const space = local ? await statfs(rootDir).catch(() => null) : null;
  if (!space) return { name: 'disk', status: 'ok', detail: `images and containers are in ${rootDir}` };
  const free = space.bavail * space.bsize;
  const detail = `${(free / 1024 ** 3).toFixed(1)} GB free for images and containers in ${rootDir}`;
  if (free >= LITTLE_SPACE) return { name: 'disk', status: 'ok', detail };
  const hint = 'Make room: see `docker system df`, and remove what is not needed.';
  return { name: 'disk', status: 'warning', detail, hint };
}
