import { readdir, readFile, readlink } from 'node:fs/promises';
import type { DynoUsage } from '../../engine.js';

const LISTEN = '0A';

/**
 * Memory and listening ports of these processes. Memory is the proportional share (PSS) where the kernel tells it, so that
 * what several processes share is counted once.
 */
export async function usageOf(pids: readonly number[], proc = '/proc'): Promise<DynoUsage> {
  if (pids.length === 0) return { memoryBytes: null, listening: null };
  const [memoryBytes, listening] = await Promise.all([memoryOf(pids, proc), portsOf(pids, proc)]);
  return { memoryBytes, listening };
}

export async function memoryOf(pids: readonly number[], proc = '/proc'): Promise<number | null> {
  const shares = await Promise.all(pids.map((pid) => memoryOfOne(pid, proc)));
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0);
}

async function memoryOfOne(pid: number, proc: string): Promise<number | null> {
  const rollup = await readFile(`${proc}/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const text = rollup === '' ? await readFile(`${proc}/${pid}/status`, 'utf8').catch(() => '') : rollup;
  const kilobytes = /^(?:Pss|VmRSS):\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Null when none of them lets us look at its descriptors. */
async function portsOf(pids: readonly number[], proc: string): Promise<number[] | null> {
  const perProcess = await Promise.all(pids.map((pid) => socketsOf(pid, proc)));
  const readable = perProcess.filter((sockets) => sockets !== null);
  if (readable.length === 0) return null;
  const own = new Set(readable.flat());
  const listeners = await Promise.all(['tcp', 'tcp6'].map((table) => listenersIn(`${proc}/net/${table}`)));
  const ports = listeners.flat().filter(({ inode }) => own.has(inode));
  return [...new Set(ports.map(({ port }) => port))].sort((a, b) => a - b);
}

async function socketsOf(pid: number, proc: string): Promise<string[] | null> {
  try {
    const names = await readdir(`${proc}/${pid}/fd`);
    const targets = await Promise.all(
      names.map((name) => readlink(`${proc}/${pid}/fd/${name}`).catch(() => '')),
    );
    return targets
      .map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1])
      .filter((inode) => inode !== undefined);
  } catch {
    return null;
  }
}

/** Columns: sl, local_address (hex), rem_address, st, queues, timer, retransmits, uid, timeout, inode. */
async function listenersIn(table: string): Promise<{ inode: string; port: number }[]> {
  const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN)
    .map((columns) => ({ inode: columns[9] ?? '', port: parseInt(columns[1]?.split(':')[1] ?? '0', 16) }));
}
