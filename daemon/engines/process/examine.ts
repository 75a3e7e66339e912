import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.js';
import type { EngineFact } from '../engine.js';
import type { Cgroups } from './host/cgroups.js';
import { SYSTEM_PATH, type Isolation } from './host/isolation.js';

/** Without these no dyno starts; all of them come with any Linux distribution and with busybox. */
const NEEDED = ['mkfifo', 'dd', 'wc', 'grep', 'tr', 'setsid', 'cat', 'env', 'mv', 'rm', 'sleep'];
const LITTLE_SPACE = 1024 ** 3;

export interface Examined {
  readonly dynosDir: string;
  readonly nodePath: string;
  readonly isolation: Isolation;
  readonly cgroups: Cgroups | null;
  /** Can processes be looked at (Linux's /proc)? */
  readonly processTable: boolean;
}

/** What this machine gives the embedded engine, in the order a reader wants it. */
export async function examine(examined: Examined): Promise<EngineFact[]> {
  return [
    isolationFact(examined.isolation),
    limitsFact(examined.cgroups),
    await toolsFact(),
    await terminalFact(),
    processTableFact(examined.processTable),
    await nodeFact(examined.nodePath),
    await spaceFact(examined.dynosDir),
  ];
}

/** The path of a tool on the system's own PATH; null when it is not there. */
async function findTool(name: string): Promise<string | null> {
  for (const folder of SYSTEM_PATH.split(':')) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return null;
}

function isolationFact(isolation: Isolation): EngineFact {
  if (isolation.kind === 'user') return { name: 'isolation', status: 'ok', detail: isolation.detail };
  return {
    name: 'isolation',
    status: 'warning',
    detail: isolation.detail,
    hint: 'Run only apps you trust, run tfkd as root with util-linux installed, or use the Docker engine.',
  };
}

function limitsFact(cgroups: Cgroups | null): EngineFact {
  if (cgroups) {
    return {
      name: 'limits',
      status: 'ok',
      detail: `memory and pids are limited by cgroups v${cgroups.version}`,
    };
  }
  return {
    name: 'limits',
    status: 'warning',
    detail:
      'no cgroup can be made: memory is looked at every few seconds, the number of processes is not limited',
    hint: 'Run tfkd as root on a system with writable cgroups, or use the Docker engine.',
  };
}

async function toolsFact(): Promise<EngineFact> {
  const found = await Promise.all(NEEDED.map(findTool));
  const missing = NEEDED.filter((_, index) => found[index] === null);
  if (missing.length === 0) return { name: 'tools', status: 'ok', detail: `${NEEDED.join(', ')} are there` };
  return {
    name: 'tools',
    status: 'failed',
    detail: `no dyno can be started without ${missing.join(', ')}`,
    hint: 'Install coreutils and util-linux.',
  };
}

async function terminalFact(): Promise<EngineFact> {
  const missing = await missingTerminalTool();
  if (missing === null)
    return { name: 'pty', status: 'ok', detail: 'terminals are made by script of util-linux' };
  return {
    name: 'pty',
    status: 'warning',
    detail: `\`tfk run\` has no terminal without ${missing}; it works with pipes`,
    hint: 'Install util-linux (Debian and Ubuntu: bsdutils).',
  };
}

/** Null when dynos can have terminals. BSD's script takes other arguments, so util-linux's is asked for. */
export async function missingTerminalTool(): Promise<string | null> {
  if (process.platform !== 'linux') return 'the script of util-linux';
  for (const tool of ['script', 'stty', 'tty']) if (!(await findTool(tool))) return tool;
  return null;
}

function processTableFact(readable: boolean): EngineFact {
  if (readable) return { name: 'processes', status: 'ok', detail: 'processes are seen through /proc' };
  return {
    name: 'processes',
    status: 'warning',
    detail:
      'without /proc, processes that leave their dyno are not found, nor are listening ports and memory',
  };
}

async function nodeFact(nodePath: string): Promise<EngineFact> {
  if (await isExecutable(nodePath)) return { name: 'node', status: 'ok', detail: nodePath };
  return {
    name: 'node',
    status: 'failed',
    detail: `${nodePath} cannot be run`,
    hint: 'Start tfkd with another Node.',
  };
}

async function spaceFact(dynosDir: string): Promise<EngineFact> {
  try {
    await access(dynosDir, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(dynosDir);
    const free = bavail * bsize;
    const detail = `${(free / 1024 ** 3).toFixed(1)} GB free for dynos in ${dynosDir}`;
    if (free >= LITTLE_SPACE) return { name: 'dynos', status: 'ok', detail };
    return {
      name: 'dynos',
      status: 'warning',
      detail,
      hint: 'Make room: each dyno has its own copy of its slug.',
    };
  } catch (error) {
    return {
      name: 'dynos',
      status: 'failed',
      detail: `dynos cannot be kept in ${dynosDir}: ${messageOf(error)}`,
    };
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
